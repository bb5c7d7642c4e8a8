from __future__ import annotations

import threading

import numpy as np
import pytest

from index.bias import Means
from index.bias.baseline import BASELINE, Baseline, drift
from index.bias.running import OTHER, Running
from index.errors import DamagedCollection

MEANS = Means(("de", "en"), np.array([1, 1]), np.array([[1.0, 0.0], [0.0, 0.0]]))


class Kept:
    """Remembers as an index does."""

    name = "docs"

    def __init__(self) -> None:
        self.held: dict[str, str] = {}

    def facts(self) -> dict[str, str]:
        return dict(self.held)

    def remember(self, name: str, value: str | None) -> None:
        self.held[name] = value or ""


def test_counts_and_mean_offsets_by_query_language() -> None:
    running = Running()
    assert running.watched(MEANS) == [] and not running.is_used
    queries = np.array([[0.8, 0.6], [0.6, 0.8], [1.0, 0.0]], dtype=np.float32)
    for code, query, hits in zip(["de", "de", "th"], queries, (["de", "en"], ["de"], []), strict=True):
        running.note(code, query, hits)
    german, thai = running.watched(MEANS)
    assert (german.query_language, german.searches, german.hits) == ("de", 2, {"de": 2, "en": 1})
    assert german.offsets == pytest.approx({"de": 0.35, "en": -0.35}), "the mean of each query's own offsets"
    assert thai.hits == {} and thai.offsets == pytest.approx({"de": 0.5, "en": -0.5})


def test_many_threads_and_languages_lose_no_search() -> None:
    running = Running()

    def ask(first: int) -> None:
        for number in range(100):
            running.note(f"l{first + number}", np.ones(2, dtype=np.float32), ["de"])

    threads = [threading.Thread(target=ask, args=(100 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = running.watched(MEANS)
    assert sum(each.searches for each in told) == 400 and len(told) == 201
    assert next(each for each in told if each.query_language == OTHER).searches == 200


def test_drift_is_the_change_since_the_baseline() -> None:
    running, kept = Running(), Kept()
    assert Baseline.read(kept) is None
    running.note("de", np.array([0.8, 0.6], dtype=np.float32), [])
    Baseline.of("2026-01-01T00:00:00Z", running.watched(MEANS)).save(kept)
    before = Baseline.read(kept)
    assert before is not None and before.queries == {"de": 1} and drift(before, running.watched(MEANS))[0].change == 0
    moved = Means(("de", "en"), np.array([1, 1]), np.array([[1.0, 0.0], [0.5, 0.0]]))
    changes = drift(before, running.watched(moved))
    assert {change.language for change in changes} == {"de", "en"}
    assert changes[0].change == pytest.approx(-0.2) and changes[0].now == pytest.approx(0.2)
    running.note("th", np.ones(2, dtype=np.float32), [])
    assert {change.query_language for change in drift(before, running.watched(MEANS))} == {"de"}


@pytest.mark.parametrize("held", ["{", "[1]", '{"made": 1}', '{"made": "x", "queries": {}, "offsets": {}, "more": 1}'])
def test_a_baseline_that_cannot_be_read_is_told(held: str) -> None:
    kept = Kept()
    kept.held[BASELINE] = held
    with pytest.raises(DamagedCollection, match="audit it again"):
        Baseline.read(kept)
