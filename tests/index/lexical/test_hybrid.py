"""Hybrid search: words order the query's language on its own places and touch nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from index.answer import Answer
from index.collection import Collection
from index.demo import demo_passages
from index.encoder import Encoder
from index.errors import InvalidInput
from index.lexical.fusion import nearness, weighed
from index.merging import SCORE, parse_merge
from index.passages import Passage
from index.question import Question

QUESTION = "Warum gibt es am Tag zweimal Flut, und was hat der Mond damit zu tun?"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    opened = Collection.open(tmp_path_factory.mktemp("hybrid") / "demo", Encoder("isoglot-static", threads=1))
    opened.upsert([Passage.from_json(row) for row in demo_passages()])
    opened.index.lexical.switch(True)
    opened.index.lexical.build()
    yield opened
    opened.close()


def codes(answer: Answer) -> list[str]:
    return [hit.passage.language for hit in answer.hits]


def ids(answer: Answer) -> list[str]:
    return [hit.passage.id for hit in answer.hits]


@pytest.mark.parametrize("k", [1, 10, 200, 576])
def test_no_language_gets_a_place_it_had_not(demo: Collection, k: int) -> None:
    dense, hybrid = (demo.search(QUESTION, k, mode=mode) for mode in ("dense", "hybrid"))
    assert codes(hybrid) == codes(dense) and hybrid.shares == dense.shares
    assert len(set(ids(hybrid))) == k and [hybrid.mode, dense.mode] == ["hybrid", "dense"]
    assert all(hit.lexical_score is None for hit in dense.hits)


def test_where_no_word_is_shared_the_vectors_decide_alone(demo: Collection) -> None:
    dense, hybrid = (demo.search(QUESTION, 20, ["th", "ar"], mode=mode) for mode in ("dense", "hybrid"))
    assert hybrid.hits == dense.hits


def test_a_language_is_ordered_by_vectors_and_words(demo: Collection) -> None:
    where = {"topic": {"in": ["tides", "monsoon", "rainbows", "tooth-decay"]}}
    for filters in (where, None):
        dense, words, hybrid = (
            demo.search(QUESTION, 48, ["de"], None, filters, mode=mode) for mode in ("dense", "lexical", "hybrid")
        )
        assert len(hybrid.hits) == (4 if filters else 48)
        assert sorted(ids(hybrid)) == sorted(ids(dense))
        told = {hit.passage.id: hit.lexical_score for hit in words.hits}
        cosines = {hit.passage.id: hit.score for hit in dense.hits}
        assert {hit.passage.id: hit.lexical_score for hit in hybrid.hits if hit.lexical_score} == told
        assert all(hit.score == pytest.approx(cosines[hit.passage.id], abs=1e-5) for hit in hybrid.hits)
        _, reach = demo.index.lexical._in_language(QUESTION, "de", 1, ())
        found = [(cosines[i], told.get(i) or 0.0) for i in ids(hybrid)]
        assert (np.diff(weighed(*np.array(found).T, reach)) <= 1e-5).all()


def test_words_alone_search_every_language_in_its_own_way(demo: Collection) -> None:
    answer = demo.search("El Niño monsoon vitamin DNA 0", 12, mode="lexical")
    assert len(set(codes(answer))) > 2
    scores = [hit.lexical_score for hit in answer.hits]
    assert scores == sorted(scores, reverse=True) and all(scores)
    assert demo.search("zzzz", mode="lexical").hits == []


def test_questions_of_all_modes_are_answered_together(demo: Collection) -> None:
    questions = [Question(QUESTION, 9, mode=mode) for mode in ("lexical", "dense", "hybrid", "lexical")]
    together = demo.answer(questions)
    alone = [demo.answer([question])[0] for question in questions]
    assert [ids(answer) for answer in together] == [ids(answer) for answer in alone]
    with pytest.raises(InvalidInput, match="use one of dense, lexical, hybrid"):
        demo.answer([Question("tide", mode="both")])


def test_what_is_off_is_told(tmp_path: Path, encoder: Encoder) -> None:
    with Collection.open(tmp_path / "c", encoder) as collection:
        collection.upsert([Passage("a", "tide moon", "en")])
        for mode in ("lexical", "hybrid"):
            with pytest.raises(InvalidInput, match="is off; switch it on"):
                collection.search("tide", mode=mode)


scores = arrays.arrays(np.float64, st.tuples(st.integers(1, 3), st.integers(1, 8)), elements=st.floats(-1, 1))


@given(scores, st.floats(0.1, 50))
def test_without_words_fusion_is_the_order_of_the_vectors(cosines: np.ndarray, reach: float) -> None:
    fused = weighed(cosines, np.zeros_like(cosines), np.full(len(cosines), reach))
    for row in range(len(cosines)):
        order = np.argsort(-fused[row], kind="stable")
        assert (np.diff(cosines[row][order]) <= 1e-8).all()


def test_words_count_by_what_the_query_could_reach() -> None:
    cosines, words = np.array([0.9, 0.5, 0.7]), np.array([0.0, 4.0, 2.0])
    assert nearness(cosines) == pytest.approx([1, 0, 0.5])
    assert nearness(cosines, 2) == pytest.approx([1, -1, 0])
    assert weighed(cosines, words, 4.0, 0.25) == pytest.approx([0.75, 0.25, 0.5])
    assert weighed(cosines, words, 40.0, 0.25) == pytest.approx([0.75, 0.025, 0.3875])


@pytest.mark.parametrize("merge", [{"rule": "centred"}, {"rule": "round-robin"}, {"rule": "reserved"}])
def test_a_merge_rule_says_where_languages_stand(demo: Collection, merge: dict[str, str]) -> None:
    rule = parse_merge(merge)
    dense, hybrid = (demo.search(QUESTION, 20, mode=mode, merge=rule) for mode in ("dense", "hybrid"))
    assert codes(hybrid) == codes(dense) != codes(demo.search(QUESTION, 20))
    assert any(hit.lexical_score for hit in hybrid.hits) and hybrid.merge == rule
    with pytest.raises(InvalidInput, match="asks none"):
        demo.search(QUESTION, mode="lexical", merge=rule)
    demo.set_merge(rule)
    assert demo.search(QUESTION, mode="lexical").merge == SCORE
    demo.set_merge(None)


def test_a_report_is_of_the_answer_as_it_stands(demo: Collection) -> None:
    for mode in ("lexical", "hybrid"):
        answer = demo.search(QUESTION, 12, mode=mode, bias=True)
        assert answer.bias is not None and answer.bias.warning is None
        assert sum(answer.bias.hits) == len(answer.hits) == len(answer.bias.offset_ranks)
