"""How hard a graph looks, where what is measured is only nearly sure."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from index.local import recall
from index.local.recall import tune

ROWS = 10**6
SURE, UNSURE, SHORT = np.ones(1000), np.repeat([1.0, 0.8], [955, 45]), np.repeat([1.0, 0.5], [900, 100])
"""Recalls of 1,000 questions: all; .991 on average, of which .0022 may be luck; .95."""


@pytest.mark.parametrize(
    ("by_effort", "expected"),
    [
        ({32: SHORT, 48: UNSURE, 64: SURE}, (64, 1.0)),
        ({32: SURE}, (32, 1.0)),
        ({32: SHORT, 48: UNSURE, 64: UNSURE, 96: UNSURE}, (48, 0.991)),
        ({}, None),
    ],
    ids=["surely", "at once", "as far as it comes", "never"],
)
def test_the_promise_is_kept_surely_where_that_is_within_reach(
    by_effort: dict[int, np.ndarray], expected: tuple[int, float] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def shares(segment: Any, code: str, effort: int, *queries: Any) -> np.ndarray:
        asked.append(effort)
        return by_effort.get(effort, SHORT)

    monkeypatch.setattr(recall, "_shares", shares)
    monkeypatch.setattr(recall, "_queries", lambda *given: None)
    monkeypatch.setattr(recall, "_exact", lambda *given: None)
    segment: Any = SimpleNamespace(facts=SimpleNamespace(rows=ROWS, languages={}))
    effort, reached = tune(segment, 0.99)
    assert (effort, reached) == (({}, {}) if expected is None else ({"": expected[0]}, {"": expected[1]}))
    assert expected is None or asked == list(by_effort), "no more is measured than is needed"
