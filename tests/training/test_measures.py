"""Measures against independent references."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from index.errors import InvalidInput
from training.benchmarks.base import Benchmark
from training.evaluate import judge
from training.measures import gold_ranks


def random_benchmark(seed: int, golds_per_language: int = 1) -> tuple[Benchmark, np.ndarray, np.ndarray]:
    """Three languages; coarse vectors, so that many scores tie."""
    rng = np.random.default_rng(seed)
    codes = ["de", "en", "th"]
    passage_languages = [codes[i] for i in rng.integers(0, 3, 60)]
    by_language = {code: [i for i, c in enumerate(passage_languages) if c == code] for code in codes}
    golds = [
        np.array([g for code in codes for g in rng.choice(by_language[code], golds_per_language, replace=False)])
        for _ in range(15)
    ]
    benchmark = Benchmark(
        "random", [str(i) for i in range(15)], ["q"] * 15, [codes[i % 3] for i in range(15)], ["p"] * 60,
        passage_languages, golds,
    )  # fmt: skip
    return benchmark, rng.integers(-2, 3, (15, 4)).astype(np.float32), rng.integers(-2, 3, (60, 4)).astype(np.float32)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("golds", [1, 3])
def test_map_equals_sklearn_in_every_setting(seed: int, golds: int) -> None:
    benchmark, queries, passages = random_benchmark(seed, golds)
    results = judge(benchmark, gold_ranks(benchmark, queries, passages))["settings"]
    scores, languages = queries @ passages.T, np.array(benchmark.passage_languages)

    def reference(asked: str, pool: np.ndarray) -> float:
        values = []
        for q, code in enumerate(benchmark.query_languages):
            if code == asked:
                relevant = np.isin(np.arange(60), benchmark.golds[q])[pool]
                values.append(average_precision_score(relevant, scores[q][pool]))
        return float(np.mean(values))

    for asked in benchmark.languages:
        assert results["multilingual"]["by_language"][asked]["mAP"] == pytest.approx(
            reference(asked, np.ones(60, dtype=bool)), abs=1e-9
        )
        for told in benchmark.languages:
            found = (
                results["monolingual"]["by_language"][asked]
                if asked == told
                else results["cross-lingual"]["by_pair"][f"{asked}→{told}"]
            )
            assert found["mAP"] == pytest.approx(reference(asked, languages == told), abs=1e-9)


def test_rank_distance_equals_its_definition() -> None:
    benchmark, queries, passages = random_benchmark(3)
    results = judge(benchmark, gold_ranks(benchmark, queries, passages))["bias"]
    distances: dict[str, list[int]] = {}
    for q, scores in enumerate(queries @ passages.T):
        ranks = [(scores >= scores[g]).sum() for g in benchmark.golds[q]]
        distances.setdefault(benchmark.query_languages[q], []).append(max(ranks) - min(ranks))
    expected = {code: float(np.mean(values)) for code, values in distances.items()}
    assert results["rank_distance_by_language"] == pytest.approx(expected)
    assert results["rank_distance"] == pytest.approx(np.mean(list(expected.values())))


def test_golden_values_by_hand() -> None:
    # One query, passages de de en en. Scores .9 .1 .5 .8, relevant: the second de, the first en.
    benchmark = Benchmark("hand", ["1"], ["q"], ["de"], ["p"] * 4, ["de", "de", "en", "en"], [np.array([1, 2])])
    passages = np.array([[0.9], [0.1], [0.5], [0.8]], dtype=np.float32)
    results = judge(benchmark, gold_ranks(benchmark, np.ones((1, 1), dtype=np.float32), passages))
    assert results["settings"]["monolingual"]["mAP"] == 1 / 2  # rank 2 of 2
    assert results["settings"]["cross-lingual"]["mAP"] == 1 / 2  # rank 2 of 2
    assert results["settings"]["multilingual"]["mAP"] == pytest.approx((1 / 3 + 2 / 4) / 2)  # ranks 3 and 4
    assert results["bias"]["rank_distance"] == 1
    assert results["bias"]["TLR@10"] == 1  # the one relevant passage that is not German ranks 3


def test_a_vector_that_is_not_finite_is_told() -> None:
    benchmark, queries, passages = random_benchmark(0)
    passages[7] = np.nan
    with pytest.raises(InvalidInput, match="passage number 7"):
        gold_ranks(benchmark, queries, passages)
