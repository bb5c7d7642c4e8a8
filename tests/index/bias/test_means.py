from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.bias import Means


def made(counts: list[int], seed: int) -> tuple[Means, list[np.ndarray]]:
    """Means of passages drawn for each language, and the passages."""
    rng = np.random.default_rng(seed)
    held = [rng.standard_normal((count, 6)) for count in counts]
    codes = tuple(f"l{place}" for place in range(len(counts)))
    return Means(codes, np.array(counts), np.array([rows.mean(axis=0) for rows in held])), held


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=6), st.integers(0, 99))
def test_offsets_are_what_a_random_passage_starts_ahead_by(counts: list[int], seed: int) -> None:
    means, held = made(counts, seed)
    queries = np.random.default_rng(seed + 1).standard_normal((3, 6))
    scores = [queries @ rows.T for rows in held]
    pool = np.concatenate(scores, axis=1).mean(axis=1)
    expected = np.stack([found.mean(axis=1) - pool for found in scores], axis=1)
    assert np.allclose(means.offsets(queries), expected)
    assert np.allclose(means.offsets(queries) @ means.shares, 0), "weighted by the pool they add up to nothing"


def test_a_choice_of_languages_is_a_pool_of_its_own() -> None:
    means, held = made([3, 5, 8], 0)
    some = means.among(["l2", "l0", "none"])
    assert some.languages == ("l0", "l2") and some.counts.tolist() == [3, 8]
    assert some.pool == pytest.approx(np.concatenate([held[0], held[2]]).mean(axis=0))
    assert means.among(["l0", "l1", "l2"]) is means


def test_no_passages_have_no_offsets() -> None:
    empty = Means((), np.zeros(0, dtype=np.int64), np.zeros((0, 6)))
    assert empty.offsets(np.ones((2, 6))).shape == (2, 0) and empty.shares.size == 0
