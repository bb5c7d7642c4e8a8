"""The two ways to look into vectors: exactly, part by part, or through a graph.

A probe is made once for a choice of languages and a filter and then searched many times. Whatever a selector may
let through is checked once more on the way out: some index types and versions of FAISS have ignored selectors
(facebookresearch/faiss#3924, #5504).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import faiss
import numpy as np

from index.local.part import Found, Part, bitmap

__all__ = ["Probe", "exact_probe", "graph_probe", "merge"]

_GRAPH_HITS = 4
"""A graph looks at this many times k places at least: recall is measured at k = 10."""


class Probe(Protocol):
    """A way to look for the nearest of some vectors."""

    def nearest(self, vectors: np.ndarray, k: int) -> Found:
        """The k nearest to each of vectors, (n, dim) float32."""


@dataclass(frozen=True, slots=True)
class _Selected:
    """A FAISS index of which only some rows count.

    mask: (n,) bool, None when all do. effort: `efSearch` of a graph; None for an exact index.
    """

    index: Any
    numbers: np.ndarray
    mask: np.ndarray | None
    selector: Any
    effort: int | None = None

    def nearest(self, vectors: np.ndarray, k: int) -> Found:
        """The k nearest to each of vectors, (n, dim) float32."""
        scores, rows = self.index.search(vectors, min(k, len(self.numbers)), params=self._parameters(k))
        is_hit = rows >= 0
        if self.mask is not None:
            is_hit &= self.mask[rows]
        return np.where(is_hit, scores, -np.inf), np.where(is_hit, self.numbers[rows], -1)

    def _parameters(self, k: int) -> Any:
        if self.effort is None:
            return None if self.selector is None else faiss.SearchParameters(sel=self.selector)
        return faiss.SearchParametersHNSW(efSearch=max(self.effort, _GRAPH_HITS * k), sel=self.selector)


def exact_probe(part: Part, mask: np.ndarray | None) -> Probe:
    """Look at every vector of a part that mask allows; None allows all."""
    return _Selected(part.exact, part.numbers, mask, None if mask is None else bitmap(mask))


def graph_probe(graph: Any, numbers: np.ndarray, mask: np.ndarray | None, effort: int) -> Probe:
    """Walk a graph over rows of the given numbers; mask, (n,) bool, says which may be found."""
    return _Selected(graph, numbers, mask, None if mask is None else bitmap(mask), effort)


def merge(found: list[Found], n: int, k: int) -> Found:
    """The k best of several lists for each of n queries; equal scores are ordered by number."""
    if not found:
        return np.empty((n, 0), dtype=np.float32), np.empty((n, 0), dtype=np.int64)
    scores, numbers = (np.concatenate([pair[side] for pair in found], axis=1) for side in (0, 1))
    order = np.lexsort((numbers, -scores), axis=1)[:, :k]
    return np.take_along_axis(scores, order, axis=1), np.take_along_axis(numbers, order, axis=1)
