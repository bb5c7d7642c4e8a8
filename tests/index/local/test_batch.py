"""Many queries at once find what each finds alone, whichever way they take."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import faiss
import numpy as np
import pytest

from index import threads
from index.filters import parse_filter
from index.local import batch
from index.local.build import Shape
from index.local.index import LocalIndex
from index.question import Scope
from tests.index.local.made import FACTS, passages, vectors

QUERIES = vectors(130, seed=7)
"""As many as FAISS needs to multiply matrices at 16 dimensions, and more."""


@pytest.fixture(params=[1, 3])
def granted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(threads, "_shared", [request.param])
    yield request.param
    batch._pool.cache_clear()


@pytest.mark.usefixtures("granted")
@pytest.mark.parametrize("storage", ["float32", "float16", "int8"])
@pytest.mark.parametrize("exact_below", [200, 10_000], ids=["graph", "exact"])
def test_a_batch_finds_what_each_finds_alone(tmp_path: Path, storage: str, exact_below: int) -> None:
    shape = Shape(storage=storage, exact_below=exact_below, recall=0.999)  # type: ignore[arg-type]
    index = LocalIndex(tmp_path / "c", FACTS, shape=shape)
    index.upsert(passages(3000), vectors(3000))
    index.compact(is_full=True)
    index.delete([f"p{i}" for i in range(0, 3000, 7)])
    index.upsert(passages(90, 200, 1), vectors(90, 1))
    for languages in (None, ("de",), ("sw", "th")):
        for where in (None, {"year": 4}, {"tag": "a"}):
            scope = Scope(10, languages, parse_filter(where))
            alone = [index.search(query[np.newaxis], scope)[0] for query in QUERIES]
            together = index.search(QUERIES, scope)
            assert [[hit.passage.id for hit in hits] for hits in together] == [
                [hit.passage.id for hit in hits] for hits in alone
            ]
            scores = [np.array([hit.score for hits in found for hit in hits]) for found in (together, alone)]
            assert np.abs(scores[0] - scores[1]).max() <= 2e-6
    index.close()


def test_matrices_are_multiplied_from_four_queries_on(tmp_path: Path) -> None:
    index = LocalIndex(tmp_path / "c", FACTS)
    assert faiss.cvar.distance_compute_blas_threshold == 4 * 16
    index.close()


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # of a process with threads: that is the case here
def test_a_share_on_each_thread_and_again_after_a_fork(granted: int) -> None:
    def search(some: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        seen.append((threading.current_thread().name, len(some), faiss.omp_get_max_threads()))
        return some[:, :2], some[:, 2:4]

    seen: list[tuple[str, int, int]] = []
    scores, rows = batch.shared(search, QUERIES)
    assert (scores == QUERIES[:, :2]).all() and (rows == QUERIES[:, 2:4]).all()
    assert len(seen) == granted and sum(count for _, count, _ in seen) == len(QUERIES)
    if granted > 1:
        assert all(name.startswith("search") and used == 1 for name, _, used in seen)
    child = os.fork()
    if child == 0:
        os._exit(int(len(batch.shared(search, QUERIES)[0]) != len(QUERIES)))
    assert os.waitpid(child, 0)[1] == 0


def test_one_thread_and_then_as_many_as_before() -> None:
    faiss.omp_set_num_threads(3)
    with batch.one_thread():
        assert faiss.omp_get_max_threads() == 1
    assert faiss.omp_get_max_threads() == 3
    faiss.omp_set_num_threads(1)
