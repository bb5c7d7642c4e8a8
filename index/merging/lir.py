"""Each language's first singular directions are removed from its passages, and the query's from the query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from index.merging.lens import Lens
from index.merging.merge import Merge
from index.merging.statistics import Statistics

__all__ = ["Lir"]


@dataclass(frozen=True)
class Lir(Merge):
    """q' · (I − C_L C_Lᵀ) p, with C_L the first directions of the vectors of L, not centred, and q' = (I − C C ᵀ) q.

    directions: r, 1 to 4. query_side: whether the directions C of the query's own language are removed from it; a
    query whose language is unknown, or was not fitted, stays as it is. Changes the order within languages.
    """

    directions: int = 1
    query_side: bool = True

    rule: ClassVar[str] = "lir"
    source: ClassVar[str] = "language information removal: Yang et al., EMNLP 2021, arXiv 2109.04727"
    needs_fitting: ClassVar[bool] = True

    def lens(self, query: np.ndarray, statistics: Statistics, asked: str) -> Lens:
        """A projection is its own transpose, so the passages' side is done on the query, once for each language."""
        directions = statistics.directions(self.directions)
        place = statistics.place(asked) if self.query_side else None
        own = directions[place] if place is not None else directions[:0].reshape(0, len(query))
        query_after = query - (own @ query) @ own
        along = directions @ query_after
        queries = (query_after - np.einsum("lr,lrd->ld", along, directions)).astype(np.float32)
        means, none = statistics.means32, np.zeros(len(along))
        # A language too small to have directions gets its offset taken off instead, as the others' means are removed.
        offsets = np.where(statistics.is_fitted, 0.0, means @ query_after)
        shifts = -np.einsum("lr,lrd,ld->l", along, directions, means) - offsets
        walk = statistics.steered(np.asarray(query_after, dtype=np.float32), shifts)
        return Lens(statistics.languages, query, queries, none + 1, offsets, walk)
