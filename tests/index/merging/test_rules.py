"""What every rule promises of its order, whatever the candidates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.merging import RULES, Candidates, Merge, parse_merge
from index.merging.deciding import undecided
from index.merging.merge import ranks_in_languages
from index.merging.places import by_turns

CODES = ["de", "en", "th", "yo"]
EVERY = [
    parse_merge(given)
    for given in (
        "score", "centred", "standardised", "lir", "shift", "round-robin", "proportional", "reserved",
        {"rule": "quota", "shares": {"en": 0.5}}, {"rule": "quota", "shares": {"de": 0.2, "yo": 0.8}},
        {"rule": "reserved", "places": 2},
    )
]  # fmt: skip
QUICK = settings(max_examples=60, deadline=None)


@st.composite
def pools(draw: st.DrawFn) -> Candidates:
    """A whole pool: every passage is a candidate; scores repeat now and then."""
    languages = draw(st.lists(st.integers(0, len(CODES) - 1), min_size=1, max_size=40))
    scores = draw(st.lists(st.integers(-6, 6), min_size=len(languages), max_size=len(languages)))
    keys = draw(st.permutations(range(len(languages))))
    counts = np.bincount(languages, minlength=len(CODES)).tolist()
    sizes = dict(zip(CODES, counts, strict=True))
    return Candidates(np.array(languages), np.array(scores) / 6, np.array(keys), sizes)


def taken(pool: Candidates, rows: np.ndarray) -> Candidates:
    return Candidates(pool.languages[rows], pool.scores[rows], pool.keys[rows], pool.sizes)


def test_every_rule_is_tried() -> None:
    assert {merge.rule for merge in EVERY} == set(RULES)
    assert all(merge.source for merge in EVERY)


@pytest.mark.parametrize("merge", EVERY, ids=str)
@QUICK
@given(pools(), st.integers(1, 50), st.randoms())
def test_an_order_holds_everyone_once_and_nothing_but_the_candidates_decides(
    merge: Merge, pool: Candidates, k: int, random: object
) -> None:
    order = merge.arrange(pool, k)
    assert sorted(order.tolist()) == list(range(len(pool)))
    shuffled = np.random.default_rng(random.randint(0, 9)).permutation(len(pool))  # type: ignore[attr-defined]
    again = merge.arrange(taken(pool, shuffled), k)
    assert pool.keys[order].tolist() == pool.keys[shuffled][again].tolist()


@pytest.mark.parametrize("merge", EVERY, ids=str)
@QUICK
@given(pools(), st.integers(1, 50))
def test_within_a_language_the_better_score_comes_first_among_the_hits(merge: Merge, pool: Candidates, k: int) -> None:
    first = merge.arrange(pool, k)[:k]
    ranks = ranks_in_languages(pool)
    for place in range(len(CODES)):
        seen = ranks[first[pool.languages[first] == place]]
        assert seen.tolist() == list(range(len(seen)))


@pytest.mark.parametrize("merge", EVERY, ids=str)
@QUICK
@given(pools(), st.integers(1, 12))
def test_the_wanted_of_each_language_are_enough(merge: Merge, pool: Candidates, k: int) -> None:
    kept = np.flatnonzero(ranks_in_languages(pool) < merge.wanted(pool.sizes, k)[pool.languages])
    some = taken(pool, kept)
    assert some.keys[merge.arrange(some, k)[:k]].tolist() == pool.keys[merge.arrange(pool, k)[:k]].tolist()


@pytest.mark.parametrize("merge", EVERY, ids=str)
@QUICK
@given(pools(), st.integers(1, 12), st.integers(0, 12))
def test_looking_into_undecided_languages_ends_with_the_answer_from_all(
    merge: Merge, pool: Candidates, k: int, met: int
) -> None:
    """What a walk meets are the best by score; bounds are the next score below."""
    by_score = np.lexsort((pool.keys, -pool.scores))
    known = set(by_score[:met].tolist())
    rest = pool.scores[by_score[met]] if met < len(pool) else -np.inf
    bounds = np.where(
        [sum(pool.languages[r] == p for r in by_score[met:]) > 0 for p in range(len(CODES))], rest, -np.inf
    )
    for _ in range(len(CODES) + 1):
        some = taken(pool, np.array(sorted(known), dtype=np.int64))
        could = undecided(merge, some, bounds, k)
        if not could.any():
            break
        known |= set(np.flatnonzero(could[pool.languages]).tolist())
        bounds = np.where(could, -np.inf, bounds)
    else:
        pytest.fail("every round must decide a language")
    found = pool.scores[sorted(known)][merge.arrange(some, k)[:k]]
    assert found.tolist() == pool.scores[merge.arrange(pool, k)[:k]].tolist()


@QUICK
@given(pools(), st.lists(st.floats(0.01, 1), min_size=4, max_size=4))
def test_turns_are_proportional_for_every_length(pool: Candidates, weights: list[float]) -> None:
    given = np.array(weights)
    order = by_turns(pool, given)
    sizes = np.array(list(pool.sizes.values()))
    for n in range(1, len(pool) + 1):
        counts = np.bincount(pool.languages[order[:n]], minlength=4)
        left = counts < sizes  # who has none left cannot keep up
        ahead = (counts - 0.5)[:, None] * given[None, :]
        behind = (counts + 0.5)[None, :] * given[:, None]
        assert (ahead <= behind + 1e-9)[np.ix_(counts > 0, left)].all(), "nobody is a place ahead of one that waits"


def test_round_robin_gives_turns_by_score() -> None:
    pool = Candidates(
        np.array([0, 0, 0, 1, 2, 2]),
        np.array([0.9, 0.8, 0.7, 0.1, 0.5, 0.4]),
        np.arange(6),
        {"de": 3, "en": 1, "th": 2},
    )
    assert parse_merge("round-robin").arrange(pool, 6).tolist() == [0, 4, 3, 1, 5, 2]
    assert parse_merge("reserved").arrange(pool, 3).tolist() == [0, 4, 3, 1, 2, 5]
    assert parse_merge("reserved").arrange(pool, 4).tolist() == [0, 1, 4, 3, 2, 5]
    assert parse_merge("reserved").arrange(pool, 2).tolist()[:2] == [0, 4], "the languages whose best score highest"
    assert parse_merge({"rule": "quota", "shares": {"en": 1.0}}).arrange(pool, 6).tolist() == [3, 0, 1, 2, 4, 5]
    assert parse_merge("proportional").arrange(pool, 6).tolist() == [0, 4, 1, 3, 5, 2]
