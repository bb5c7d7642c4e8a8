"""Many queries at once: what one query does row by row, a batch does as a product of matrices or on several threads.

Measured with 384 dimensions on one thread of a busy machine, 128 queries: 100,000 float32 rows 5.9 s one by one and
.35 s as a product; 20,000 rows of which a tenth may not be found 1.2 s and .13 s; int8 codes .78 s and .13 s.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import faiss
import numpy as np

from index.local.part import Found
from index.threads import granted

__all__ = ["DECODED_FROM", "SHARED_FROM", "decoded", "multiply_batches", "one_thread", "shared"]

DECODED_FROM = 16
"""Queries from which decoding, or picking out, all rows once pays."""

SHARED_FROM = 32
"""Queries from which threads pay that walk a graph; the product of an exact search waits for memory, not for cores."""

_MULTIPLIED_FROM = 4
_ROWS_AT_ONCE = 8192


def multiply_batches(dimension: int) -> None:
    """Have FAISS multiply matrices from four queries on, at any dimension.

    Left alone, FAISS 1.15 begins at 128,000 / dimension queries, which many threads need and one does not
    (facebookresearch/faiss#5109). Its threshold belongs to the process: with collections of several dimensions
    the one opened last decides, which costs time and changes no answer.
    """
    faiss.cvar.distance_compute_blas_threshold = _MULTIPLIED_FROM * dimension


def decoded(index: Any, rows: np.ndarray, vectors: np.ndarray, k: int) -> list[Found]:
    """The k nearest to each of vectors, (n, dim) float32, in each block of an exact index's rows, (m,) int64.

    Rows take the place of numbers. FAISS itself multiplies neither codes nor what a selector is asked for.
    """
    found = []
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        block = rows[start : start + _ROWS_AT_ONCE]
        held = index.reconstruct_batch(block)
        scores, at = faiss.knn(vectors, held, min(k, len(block)), metric=faiss.METRIC_INNER_PRODUCT)
        found.append((scores, block[at]))
    return found


@contextmanager
def one_thread() -> Iterator[None]:
    """FAISS on one thread in the calling one: a product on several waits for the slowest at every block."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def shared(search: Callable[[np.ndarray], Found], vectors: np.ndarray) -> Found:
    """Search with a share of the vectors, (n, dim) float32, on each of the threads granted to this process.

    OpenMP would keep threads of its own for every thread that ever searched.
    """
    threads = granted()
    if threads == 1:
        return search(vectors)
    scores, rows = zip(*_pool(threads).map(search, np.array_split(vectors, threads)), strict=True)
    return np.concatenate(scores), np.concatenate(rows)


@functools.lru_cache(maxsize=1)
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, "search", initializer=faiss.omp_set_num_threads, initargs=(1,))


os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not survive a fork
