"""Corrections of a collection: fitted once, kept, and fitted again beside the searches as it grows."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import numpy as np
import pytest

from index.bias.means import Means
from index.merging.fitted import Fitted
from index.merging.keeping import FITTED, Corrections

DIM = 8


class Held:
    """Vectors of some languages; says how often it was read."""

    name = "held"

    def __init__(self, folder: Path | None, **counts: int) -> None:
        self.folder, self.reads, self.may_read = folder, 0, threading.Event()
        self.may_read.set()
        self.write(**counts)

    def write(self, **counts: int) -> None:
        rng = np.random.default_rng(0)
        self.vectors = {code: rng.standard_normal((n, DIM)).astype(np.float32) for code, n in sorted(counts.items())}
        means = [held.mean(axis=0) for held in self.vectors.values()]
        sizes = np.array([len(held) for held in self.vectors.values()], dtype=np.int64)
        self._means = Means(tuple(self.vectors), sizes, np.array(means, dtype=np.float64).reshape(-1, DIM))

    def means(self) -> Means:
        return self._means

    def sample(self, language: str, most: int) -> np.ndarray:
        self.reads += 1
        assert self.may_read.wait(30)
        return self.vectors[language][:most]

    def derived(self) -> Path | None:
        return self.folder


def test_it_is_fitted_when_a_rule_first_asks_and_kept(tmp_path: Path) -> None:
    held = Held(tmp_path, de=40, th=30)
    corrections = Corrections(held, "f")
    assert corrections.fitted() is None and not corrections.is_current()
    assert corrections.statistics(None, needs_fitting=False).fitted is None and held.reads == 0
    known = corrections.statistics(None, needs_fitting=True)
    assert known.fitted is not None and known.fitted.languages == ("de", "th") and held.reads == 2
    assert corrections.statistics(None, needs_fitting=True) is known, "nothing is made twice"
    again = Corrections(Held(tmp_path, de=40, th=30), "f")
    assert again.is_current() and again.statistics(("th",), needs_fitting=True).languages == ("th",)
    assert not Corrections(held, "other encoder").is_current()


def test_another_encoders_are_not_used(tmp_path: Path) -> None:
    Corrections(Held(tmp_path, de=40), "f").fit()
    found = Corrections(Held(tmp_path, de=40), "g").statistics(None, needs_fitting=True).fitted
    assert found is not None and found.fingerprint == "g"


def test_it_is_fitted_again_beside_the_searches_when_it_has_grown(tmp_path: Path) -> None:
    held = Held(tmp_path, de=40, th=30)
    corrections = Corrections(held, "f")
    before = corrections.statistics(None, needs_fitting=True).fitted
    held.write(de=44, th=30)
    assert corrections.statistics(None, needs_fitting=True).fitted is before and held.reads == 2, (
        "too little has changed"
    )
    held.write(de=80, th=30)
    held.may_read.clear()
    known = corrections.statistics(None, needs_fitting=True)
    assert known.fitted is before and known.means.counts.tolist() == [80, 30], "no search waits for a fit"
    held.may_read.set()
    corrections.close()
    after = corrections.statistics(None, needs_fitting=True).fitted
    assert after is not None and after.counts.tolist() == [80, 30] and corrections.is_current()
    kept = Fitted.load(tmp_path / FITTED)
    assert kept is not None and kept.counts.tolist() == [80, 30]


def test_an_empty_collection_waits_with_fitting_until_there_is_something(tmp_path: Path) -> None:
    held = Held(tmp_path)
    corrections = Corrections(held, "f")
    assert corrections.statistics(None, needs_fitting=True).languages == ()
    held.write(de=20)
    found = corrections.statistics(None, needs_fitting=True).fitted
    assert found is not None and found.languages == ("de",)


def test_what_cannot_be_kept_is_told_and_serves(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a file where the folder should be")
    corrections = Corrections(Held(blocked, de=20), "f")
    with caplog.at_level(logging.WARNING):
        assert corrections.statistics(None, needs_fitting=True).fitted is not None
    assert "could not be kept" in caplog.text
    assert Corrections(Held(None, de=20), "f").fit().languages == ("de",)
