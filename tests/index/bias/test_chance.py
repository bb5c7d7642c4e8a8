from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom

from index.bias.chance import UNLIKELY, Chance
from index.bias.ndkl import ndkl


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 3000), min_size=2, max_size=8), st.integers(1, 40))
def test_what_is_unlikely_is_what_the_hypergeometric_distribution_says(counts: list[int], hits: int) -> None:
    hits = min(hits, sum(counts))
    chance = Chance(np.array(counts), hits)
    for place, count in enumerate(counts):
        drawn = hypergeom(sum(counts), count, hits)
        expected = hits * count / sum(counts)
        many = [h for h in range(hits + 1) if h > expected and drawn.sf(h - 1) <= UNLIKELY + 1e-9]
        few = [h for h in range(hits + 1) if h < expected and drawn.cdf(h) <= UNLIKELY + 1e-9]
        assert chance.many[place] in {min(many, default=hits + 1), _next(many, hits)}
        assert chance.few[place] in {max(few, default=-1), max(few, default=-1) - 1}


def _next(many: list[int], hits: int) -> int:
    """One more, where a probability is the bound itself to the last digit."""
    return min(many, default=hits) + 1


def test_one_list_of_twenty_exceeds_the_ndkl_of_chance() -> None:
    counts = np.array([600, 300, 100])
    rng = np.random.default_rng(5)
    pool = np.repeat(np.arange(3), counts)
    drawn = np.array([rng.choice(pool, 10, replace=False) for _ in range(4000)])
    above = (ndkl(drawn, counts / counts.sum()) > Chance(counts, 10).ndkl).mean()
    assert above == pytest.approx(0.05, abs=0.015)


def test_all_of_a_pool_is_no_matter_of_chance() -> None:
    chance = Chance(np.array([3, 2]), 5)
    assert chance.many.tolist() == [4, 3] and chance.few.tolist() == [2, 1], "3 and 2 it must be"
    assert chance.ndkl > 0
