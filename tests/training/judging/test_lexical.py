from __future__ import annotations

import bm25s
import numpy as np
import pytest

from index.errors import InvalidInput
from index.lexical.tokens import tokens
from training.benchmarks.base import Benchmark
from training.benchmarks.demo import load_demo
from training.judging.lexical import LexicalScorer
from training.judging.rankings import rank


def benchmark(queries: list[str], passages: list[str]) -> Benchmark:
    return Benchmark(
        name="words",
        query_ids=[f"q{n}" for n in range(len(queries))],
        queries=queries,
        query_languages=["en"] * len(queries),
        passages=passages,
        passage_languages=["en"] * len(passages),
        golds=[np.array([0])] * len(queries),
    )


@pytest.fixture(scope="module")
def demo() -> tuple[Benchmark, LexicalScorer]:
    loaded = load_demo()
    return loaded, LexicalScorer(loaded)


def test_scores_equal_those_of_bm25s(demo: tuple[Benchmark, LexicalScorer]) -> None:
    loaded, scorer = demo
    own = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
    own.index([tokens(text) for text in loaded.passages], show_progress=False)
    asked = np.arange(0, len(loaded.queries), 37)
    scores = scorer.block(asked, np.arange(loaded.size))
    expected = np.stack([own.get_scores(tokens(loaded.queries[number])) for number in asked])
    assert scores.dtype == np.float32 and expected.max() > 5
    np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-6)


def test_pairs_equal_the_block_to_the_last_bit(demo: tuple[Benchmark, LexicalScorer]) -> None:
    loaded, scorer = demo
    asked, told = np.arange(300), np.arange(loaded.size)[::-7]
    block = scorer.block(asked, told)
    assert np.array_equal(block.ravel(), scorer.pairs(np.repeat(asked, len(told)), np.tile(told, len(asked))))
    half = np.concatenate([scorer.block(asked[:7], told), scorer.block(asked[7:], told)])
    assert np.array_equal(block, half)


def test_a_word_counts_as_often_as_the_query_has_it() -> None:
    scorer = LexicalScorer(benchmark(["tide", "tide tide", "moon"], ["a tide", "a wave"]))
    scores = scorer.block(np.arange(3), np.arange(2))
    assert scores[0, 0] > 0 and scores[1, 0] == pytest.approx(2 * scores[0, 0])
    assert scores[0, 1] == 0 and not scores[2].any()


def test_a_passage_without_words_scores_nothing() -> None:
    scorer = LexicalScorer(benchmark(["tide"], ["tide", "…", "wave"]))
    assert scorer.block(np.array([0]), np.array([1, 0]))[0].tolist()[0] == 0
    assert np.isfinite(scorer.weights.data).all()


def test_nothing_to_count_is_an_error() -> None:
    with pytest.raises(InvalidInput, match="letter or digit"):
        LexicalScorer(benchmark(["tide"], ["…", "!"]))


def test_names_are_found_across_languages(demo: tuple[Benchmark, LexicalScorer]) -> None:
    loaded, scorer = demo
    ranks = rank(loaded, scorer, k=10)
    own = loaded.query_codes()[ranks.queries] == ranks.languages
    assert np.median(ranks.rank_in_language[own]) == 1
    assert np.median(ranks.rank_in_language[own]) < np.median(ranks.rank_in_language[~own])
