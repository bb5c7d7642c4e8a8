"""The two ways to look into vectors: exactly, part by part, or through a graph.

A probe is made once for a choice of languages and a filter and then searched many times. Whatever a selector may
let through is checked once more on the way out: some index types and versions of FAISS have ignored selectors
(facebookresearch/faiss#3924, #5504).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import faiss
import numpy as np

from index.local.batch import DECODED_FROM, SHARED_FROM, decoded, shared
from index.local.part import Found, Part, bitmap, mask_of

__all__ = ["Probe", "exact_probe", "graph_probe", "merge", "picked_probe"]

_GRAPH_HITS = 4
"""A graph looks at this many times k places at least: recall is measured at k = 10."""


class Probe(Protocol):
    """A way to look for the nearest of some vectors."""

    def nearest(self, vectors: np.ndarray, k: int, times: int = 1) -> Found:
        """The k nearest to each of vectors, (n, dim) float32.

        times: give this many times as many, looked for no harder than the first k need; 4 at most.
        """


@dataclass(frozen=True, slots=True)
class _Selected:
    """A FAISS index of which only some rows count.

    mask: (n,) bool, None when all do. effort: `efSearch` of a graph; None for an exact index.
    """

    index: Any
    numbers: np.ndarray
    mask: np.ndarray | None
    effort: int | None = None
    _selectors: list[Any] = field(default_factory=list)
    _parameters: dict[int, Any] = field(default_factory=dict)

    def nearest(self, vectors: np.ndarray, k: int, times: int = 1) -> Found:
        """The k nearest to each of vectors, (n, dim) float32, and those behind them."""
        if len(vectors) >= DECODED_FROM and self._is_slow_for_batches:
            rows = np.arange(len(self.numbers)) if self.mask is None else np.flatnonzero(self.mask)
            blocks = decoded(self.index, rows, vectors, k * times)
            return merge([(scores, self.numbers[at]) for scores, at in blocks], len(vectors), k * times)
        scores, rows = self._search(vectors, k, times)
        is_hit = rows >= 0
        if self.mask is not None:
            is_hit &= self.mask[rows]
        if is_hit.all():
            return scores, self.numbers[rows]
        return np.where(is_hit, scores, -np.inf), np.where(is_hit, self.numbers[rows], -1)

    @property
    def _is_slow_for_batches(self) -> bool:
        return self.effort is None and (self.mask is not None or not isinstance(self.index, faiss.IndexFlat))

    def _search(self, vectors: np.ndarray, k: int, times: int) -> Found:
        if k not in self._parameters:  # making them takes as long as searching a few hundred vectors
            self._parameters[k] = self._make_parameters(k)
        parameters, least = self._parameters[k], min(k * times, len(self.numbers))
        if self.effort is None or len(vectors) < SHARED_FROM:
            return self.index.search(vectors, least, params=parameters)  # type: ignore[no-any-return]
        return shared(lambda some: self.index.search(some, least, params=parameters), vectors)

    def _make_parameters(self, k: int) -> Any:
        if self.mask is not None and not self._selectors:
            self._selectors.append(bitmap(self.mask))
        selector = self._selectors[0] if self._selectors else None
        if self.effort is None:
            return None if selector is None else faiss.SearchParameters(sel=selector)
        return faiss.SearchParametersHNSW(efSearch=max(self.effort, _GRAPH_HITS * k), sel=selector)


@dataclass(frozen=True, slots=True)
class _Picked:
    """Some rows, (m,) int64, of an index of float32 vectors, wherever they stand."""

    index: Any
    numbers: np.ndarray
    rows: np.ndarray

    def nearest(self, vectors: np.ndarray, k: int, times: int = 1) -> Found:
        """The k nearest to each of vectors, (n, dim) float32, and those behind them."""
        k *= times
        n, m = len(vectors), len(self.rows)
        if n >= DECODED_FROM:
            blocks = decoded(self.index, self.rows, vectors, k)
            at = [(scores, self.numbers[np.searchsorted(self.rows, rows)]) for scores, rows in blocks]
            return merge(at, n, k)
        labels = self.rows if n == 1 else np.ascontiguousarray(np.broadcast_to(self.rows, (n, m)))
        scores = np.empty((n, m), dtype=np.float32)
        self.index.compute_distance_subset(
            n, faiss.swig_ptr(vectors), m, faiss.swig_ptr(scores), faiss.swig_ptr(labels)
        )
        if k >= m:
            return scores, np.broadcast_to(self.numbers, scores.shape)
        if n == 1:  # half the time of the same for several
            best = scores[0].argpartition(-k)[-k:]
            return scores[:, best], self.numbers[best][np.newaxis]
        best = np.argpartition(scores, -k, axis=1)[:, -k:]
        return np.take_along_axis(scores, best, axis=1), self.numbers[best]


def exact_probe(part: Part, mask: np.ndarray | None) -> Probe:
    """Look at every vector of a part that mask allows; None allows all."""
    return _Selected(part.exact, part.numbers, mask)


def picked_probe(storage: Any, numbers: np.ndarray, rows: np.ndarray) -> Probe:
    """Look at some rows, (m,) int64, ascending, of a whole storage, few of many.

    One call for all languages: eighteen of them, with a selector each, take ten times as long as the few rows.
    """
    if isinstance(storage, faiss.IndexFlat):
        return _Picked(storage, numbers[rows], rows)
    return _Selected(storage, numbers, mask_of(rows, len(numbers)))


def graph_probe(graph: Any, numbers: np.ndarray, mask: np.ndarray | None, effort: int) -> Probe:
    """Walk a graph over rows of the given numbers; mask, (n,) bool, says which may be found."""
    return _Selected(graph, numbers, mask, effort)


def merge(found: list[Found], n: int, k: int) -> Found:
    """The k best of several lists for each of n queries; equal scores are ordered by number."""
    if not found:
        return np.empty((n, 0), dtype=np.float32), np.empty((n, 0), dtype=np.int64)
    scores, numbers = (np.concatenate([pair[side] for pair in found], axis=1) for side in (0, 1))
    order = np.lexsort((numbers, -scores), axis=1)[:, :k]
    rows = np.arange(n)[:, np.newaxis]
    return scores[rows, order], numbers[rows, order]
