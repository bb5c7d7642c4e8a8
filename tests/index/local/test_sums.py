"""The sums of vectors: exact whatever happens, one row a language, and cheap to ask for."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.local.schema import prepare
from index.local.sums import Sums, change, means_of, read_sums, sums_of
from tests.index.local.made import Model, fill, open_made, passages, require_means, vectors

CODES = st.sampled_from(["de", "en", "zh-Hant"])
BATCHES = st.lists(st.lists(st.tuples(CODES, st.integers(0, 2**32 - 1)), max_size=6), max_size=8)


def some(seeds: list[int]) -> np.ndarray:
    """(n, 5) float32, of many magnitudes: float sums of these would depend on their order."""
    rows = [np.random.default_rng(seed).standard_normal(5) * 10.0 ** -(seed % 8) for seed in seeds]
    return np.array(rows, dtype=np.float32).reshape(len(seeds), 5)


def summed(batch: list[tuple[str, int]]) -> Sums:
    return sums_of([code for code, _ in batch], some([seed for _, seed in batch])) if batch else {}


@settings(max_examples=60, deadline=None)
@given(BATCHES, st.randoms(use_true_random=False))
def test_what_is_taken_away_in_any_order_leaves_nothing(batches: list[list[tuple[str, int]]], random: object) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    prepare(connection, "memory")
    for batch in batches:
        change(connection, summed(batch), {})
    held = [row for batch in batches for row in batch]
    found = read_sums(connection)
    assert {code: (n, total.tolist()) for code, (n, total) in found.items()} == {
        code: (n, total.tolist()) for code, (n, total) in sorted(summed(held).items())
    }
    for code, mean in zip(found, means_of(found, 5).vectors, strict=True):
        exact = some([seed for other, seed in held if other == code]).astype(np.float64).mean(axis=0)
        assert np.allclose(mean, exact, rtol=0, atol=2**-36)
    random.shuffle(held)  # type: ignore[attr-defined]
    for row in held:
        change(connection, {}, summed([row]))
    assert read_sums(connection) == {}
    connection.close()


def test_a_write_that_fails_leaves_the_sums(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, index = Model(), open_made(tmp_path / "c")
    fill(index, model, 200)

    def fail(*_: object) -> None:
        raise RuntimeError("half done")

    with monkeypatch.context() as patch:
        patch.setattr("index.local.store.facet_rows", fail)
        with pytest.raises(RuntimeError, match="half done"):
            index.upsert(passages(10, version=1), vectors(10, 1))
    require_means(index, model)
    index.close()


def test_asking_again_reads_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = open_made(tmp_path / "c")
    index.upsert(passages(50), vectors(50))
    first = index.means()
    with monkeypatch.context() as patch:
        patch.setattr("index.local.store.read_sums", lambda _: pytest.fail("the database was asked"))
        assert index.means() is first
    index.delete(["p0"])
    assert index.means() is not first
    index.close()
