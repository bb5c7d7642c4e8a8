from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.bias.ndkl import ndkl, ndkl_of_one


def test_by_hand() -> None:
    # Half the pool is 0, half 1. Hits 0, 0, 1, 1. Divergences from (½, ½): ln 2, ln 2, ⅔·ln(4/3) + ⅓·ln(2/3), 0.
    weights = [1 / math.log2(i + 1) for i in range(1, 5)]
    third = 2 / 3 * math.log(4 / 3) + 1 / 3 * math.log(2 / 3)
    expected = (weights[0] * math.log(2) + weights[1] * math.log(2) + weights[2] * third) / sum(weights)
    assert ndkl(np.array([[0, 0, 1, 1]]), np.array([0.5, 0.5])) == pytest.approx([expected])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 3), max_size=12), min_size=1, max_size=3))
def test_equals_its_definition(lists: list[list[int]]) -> None:
    shares = np.array([0.4, 0.3, 0.2, 0.1])
    padded = np.full((len(lists), 12), -1)
    for row, hits in enumerate(lists):
        padded[row, : len(hits)] = hits
    for hits, found in zip(lists, ndkl(padded, shares), strict=True):
        total = norm = 0.0
        for i in range(1, len(hits) + 1):
            held = {place: hits[:i].count(place) / i for place in hits[:i]}
            total += sum(s * math.log(s / shares[place]) for place, s in held.items()) / math.log2(i + 1)
            norm += 1 / math.log2(i + 1)
        expected = pytest.approx(total / norm if norm else math.nan, abs=1e-12, nan_ok=True)
        assert found == expected and ndkl_of_one(hits, shares.tolist()) == expected
