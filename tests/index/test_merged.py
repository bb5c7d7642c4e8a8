"""Searching by a merge rule, on every backend: what is found obeys, and is what the rule says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from index.backend import PassageIndex
from index.filters import parse_filter
from index.merging import Candidates, Merge, parse_merge
from index.merging.keeping import Corrections
from index.passages import Passage
from index.question import Scope

DIMENSION = 16
CODES = ["de", "en", "th", "yo"]
RULES = [
    parse_merge(given)
    for given in (
        "score", "centred", {"rule": "centred", "query_side": True}, "standardised", {"rule": "standardised", "tail": 2},
        "lir", {"rule": "lir", "directions": 2, "query_side": False}, "shift", {"rule": "shift", "reference": "de"},
        "round-robin", "proportional", {"rule": "quota", "shares": {"yo": 0.5}}, "reserved",
    )
]  # fmt: skip


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def made() -> tuple[list[Passage], np.ndarray, np.ndarray]:
    """Passages of four languages that sit aside, their places in CODES, and vectors."""
    rng = np.random.default_rng(3)
    languages = np.repeat(np.arange(4), [40, 25, 12, 3])
    vectors = unit(rng.standard_normal((80, DIMENSION)) + 2 * rng.standard_normal((4, DIMENSION))[languages])
    passages = [Passage(f"p{n:02}", f"text {n}", CODES[c], None, {"n": n % 5}) for n, c in enumerate(languages)]
    return passages, languages, vectors


PASSAGES, LANGUAGES, VECTORS = made()
QUERIES = unit(np.random.default_rng(4).standard_normal((3, DIMENSION)))


@pytest.fixture
def filled(index: PassageIndex) -> PassageIndex:
    index.upsert(PASSAGES, VECTORS)
    return index


def found(index: PassageIndex, merge: Merge, scope: Scope, asked: str = "th") -> list[list[Any]]:
    statistics = Corrections(index, "f").statistics(scope.languages, merge.needs_fitting)
    lenses = [merge.lens(query, statistics, asked) for query in QUERIES]
    return index.merged(lenses, merge, statistics, scope)


@pytest.mark.parametrize("merge", RULES, ids=str)
def test_hits_are_those_of_the_rule_over_everything(filled: PassageIndex, merge: Merge) -> None:
    statistics = Corrections(filled, "f").statistics(None, merge.needs_fitting)
    sizes = dict(zip(statistics.languages, statistics.means.counts.tolist(), strict=True))
    for k in (1, 10, 200):
        for query, hits in zip(QUERIES, found(filled, merge, Scope(k)), strict=True):
            lens = merge.lens(query, statistics, "th")
            scores = lens.scores(lens.products(VECTORS, LANGUAGES), LANGUAGES)
            order = merge.arrange(Candidates(LANGUAGES, scores, np.arange(80), sizes), k)[:k]
            assert [hit.passage.id for hit in hits] == [PASSAGES[row].id for row in order]
            assert [hit.score for hit in hits] == pytest.approx((VECTORS[order] @ query).tolist(), abs=1e-5)


@pytest.mark.parametrize("merge", RULES, ids=str)
def test_languages_and_filters_are_obeyed(filled: PassageIndex, merge: Merge) -> None:
    scope = Scope(9, ("de", "yo"), parse_filter({"n": {"lt": 3}}))
    fits = [p for p in PASSAGES if p.language in ("de", "yo") and p.metadata["n"] < 3]
    for hits in found(filled, merge, scope):
        assert len({hit.passage.id for hit in hits}) == len(hits) == 9
        assert all(hit.passage in fits for hit in hits)
    assert all(len(hits) == len(fits) for hits in found(filled, merge, Scope(100, scope.languages, scope.where)))


def test_what_is_deleted_or_written_counts_at_once(filled: PassageIndex) -> None:
    merge = parse_merge("reserved")
    filled.delete([p.id for p in PASSAGES if p.language == "yo"])
    assert all(hit.passage.language != "yo" for hits in found(filled, merge, Scope(4)) for hit in hits)
    filled.upsert([Passage("new", "text", "yo")], unit(np.ones((1, DIMENSION))))
    assert all("new" in [hit.passage.id for hit in hits] for hits in found(filled, merge, Scope(4)))


def test_an_empty_index_has_nothing_by_any_rule(index: PassageIndex) -> None:
    for merge in RULES:
        assert found(index, merge, Scope(3)) == [[], [], []]


def test_facts_are_remembered_and_forgotten(index: PassageIndex) -> None:
    before = index.facts()
    index.remember("merge", '{"rule": "centred"}')
    assert index.facts() == {**before, "merge": '{"rule": "centred"}'}
    index.remember("merge", '{"rule": "lir"}')
    assert index.facts()["merge"] == '{"rule": "lir"}'
    index.remember("merge", None)
    index.remember("merge", None)
    assert index.facts() == before


def test_a_sample_is_of_the_language(filled: PassageIndex) -> None:
    for place, code in enumerate(CODES):
        own = {tuple(row) for row in VECTORS[place == LANGUAGES].tolist()}
        whole, some = filled.sample(code, 1000), filled.sample(code, 2)
        assert {tuple(row) for row in whole.tolist()} == own and len(some) == 2
        assert {tuple(row) for row in some.tolist()} <= own
    assert filled.sample("fr", 5).shape == (0, DIMENSION)
