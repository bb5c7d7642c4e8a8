"""Whitening: evens out a table's directions, by as much as is asked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import InvalidInput
from training.whiten import whitening


def lopsided_table() -> np.ndarray:
    """300 rows whose directions differ a hundredfold."""
    random = np.random.default_rng(3)
    turn = np.linalg.qr(random.normal(size=(8, 8)))[0]
    return ((random.normal(size=(300, 8)) * np.geomspace(1, 0.01, 8)) @ turn).astype(np.float32)


def spread(table: np.ndarray) -> float:
    """Largest direction's mean square over the smallest's."""
    sizes = np.linalg.eigvalsh((table.T @ table).astype(np.float64))
    return float(sizes[-1] / sizes[0])


def test_nothing_changes_without_strength_and_all_directions_are_alike_with_all_of_it() -> None:
    table = lopsided_table()
    np.testing.assert_allclose(whitening(table, 0), np.eye(8), atol=1e-5)
    assert spread(table) > 1000
    assert spread(table @ whitening(table, 1)) == pytest.approx(1, abs=0.02)


@given(st.floats(0, 1))
def test_the_spread_shrinks_by_the_power_that_was_asked(strength: float) -> None:
    table = lopsided_table()
    assert spread(table @ whitening(table, strength)) == pytest.approx(spread(table) ** (1 - strength), rel=0.05)


def test_a_direction_nothing_stands_in_stays_finite() -> None:
    table = lopsided_table()
    table[:, 7] = 0
    assert np.isfinite(whitening(table, 1)).all()
    assert np.isfinite(whitening(np.zeros((4, 8), np.float32), 1)).all()


@pytest.mark.parametrize("strength", [-0.1, 1.01, float("nan")])
def test_a_strength_there_is_not_is_told(strength: float) -> None:
    with pytest.raises(InvalidInput, match="from 0"):
        whitening(lopsided_table(), strength)
