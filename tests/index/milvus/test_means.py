from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from index.milvus.means import SAMPLE, MeanEstimates


class Store:
    """Answers as Milvus would, and says how often it was asked."""

    def __init__(self) -> None:
        self.held: dict[str, np.ndarray] = {}
        self.asked: list[tuple[str, int]] = []

    def query(self, wanted: str, fields: list[str], limit: int) -> list[Any]:
        code = wanted.split('"')[1]
        self.asked.append((code, limit))
        assert fields == ["vector"]
        return [{"vector": row} for row in self.held[code][:limit]]


def test_a_language_is_read_anew_when_it_has_changed_by_a_tenth() -> None:
    store = Store()
    store.held = {"de": np.ones((50, 3)), "th": np.zeros((10, 3))}
    estimates = MeanEstimates(store.query, 3)
    means = estimates.means({"de": 50, "th": 10})
    assert means.vectors.tolist() == [[1, 1, 1], [0, 0, 0]] and store.asked == [("de", SAMPLE), ("th", SAMPLE)]
    assert estimates.means({"de": 50, "th": 10}) is means
    assert estimates.means({"de": 55, "th": 10}).counts.tolist() == [55, 10] and len(store.asked) == 2
    store.held["de"] = np.full((56, 3), 2.0)
    assert estimates.means({"de": 56, "th": 10}).vectors.tolist() == [[2, 2, 2], [0, 0, 0]]
    assert store.asked[2:] == [("de", SAMPLE)]
    assert estimates.means({"th": 10}).languages == ("th",) and len(store.asked) == 3
    store.held["de"] = np.ones((1, 3))
    assert estimates.means({"de": 1, "th": 10}).vectors[0] == pytest.approx([1, 1, 1]), "gone and come back"


def test_long_vectors_are_read_in_what_an_answer_holds() -> None:
    store = Store()
    store.held = {"de": np.ones((2, 20_000))}
    MeanEstimates(store.query, 20_000).means({"de": 2})
    assert store.asked[0][1] * 20_000 * 4 <= 64 * 1024 * 1024 / 2
