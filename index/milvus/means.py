"""Mean vectors of what is in Milvus: estimated, because Milvus keeps no sums and several processes may write."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from index.bias.means import Means
from index.milvus.expressions import one_of

__all__ = ["SAMPLE", "MeanEstimates"]

SAMPLE = 4000
"""Vectors of one language that are read, at most; up to here its mean is exact when it is read."""

SAMPLE_BYTES = 32 * 1024 * 1024
"""And at most this much of them: Milvus' answers end at 64 MiB."""

_DRIFT = 0.1
"""A language is read anew when its passages have become more or fewer by this share."""


class MeanEstimates:
    """Remembers each language's mean until its number of passages has changed by a tenth.

    query: expression, fields and a limit → rows, those Milvus gives first, in no order that it promises.
    """

    def __init__(self, query: Callable[..., list[Any]], dimension: int) -> None:
        self._query, self._dimension = query, dimension
        self._limit = max(1, min(SAMPLE, SAMPLE_BYTES // (4 * dimension)))
        self._lock = threading.Lock()
        self._known: dict[str, tuple[int, np.ndarray]] = {}
        self._last: tuple[dict[str, int], Means] | None = None

    def means(self, counts: Mapping[str, int]) -> Means:
        """The means for a collection of these sizes, (language → passages, at least one)."""
        with self._lock:
            if self._last is not None and self._last[0] == counts:
                return self._last[1]
            for code, count in counts.items():
                at, _ = self._known.get(code, (0, None))
                if abs(count - at) > _DRIFT * at:
                    self._known[code] = (count, self._mean(code))
            self._known = {code: self._known[code] for code in counts}
            vectors = np.array([self._known[code][1] for code in counts]).reshape(len(counts), self._dimension)
            means = Means(tuple(counts), np.array(list(counts.values()), dtype=np.int64), vectors)
            self._last = (dict(counts), means)
            return means

    def sample(self, code: str, most: int) -> np.ndarray:
        """Vectors of one language, (n, dim) float32, those that are given first."""
        rows = self._query(one_of("language", [code]), ["vector"], limit=min(most, self._limit))
        return np.array([row["vector"] for row in rows], dtype=np.float32).reshape(len(rows), self._dimension)

    def _mean(self, code: str) -> np.ndarray:
        vectors = self.sample(code, self._limit)
        return np.asarray(vectors.mean(axis=0, dtype=np.float64)) if len(vectors) else np.zeros(self._dimension)
