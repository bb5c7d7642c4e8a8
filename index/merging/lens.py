"""How one query sees each language: a query vector, a factor and a summand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from index.products import inner

if TYPE_CHECKING:
    from index.merging.statistics import Statistics

__all__ = ["Lens"]


@dataclass(frozen=True, slots=True)
class Lens:
    """Corrected scores: a passage p of language L gets factors_L (queries_L · p) − offsets_L.

    languages: as in the statistics. query: (dim,) float32, as it was asked. queries: (dim,), the same for all
    languages, or (L, dim). factors, offsets: (L,) float64, factors above 0. walk: (dim,) float32, the query with
    which one walk of a graph meets the passages of highest corrected score, about.
    """

    languages: tuple[str, ...]
    query: np.ndarray
    queries: np.ndarray
    factors: np.ndarray
    offsets: np.ndarray
    walk: np.ndarray

    @classmethod
    def plain(cls, query: np.ndarray, statistics: Statistics) -> Lens:
        """Cosines as they are."""
        none = np.zeros(len(statistics.languages))
        return cls(statistics.languages, query, query, none + 1, none, query)

    @classmethod
    def shifted(cls, query: np.ndarray, statistics: Statistics, offsets: np.ndarray) -> Lens:
        """Cosines less an offset for each language, (L,)."""
        walk = statistics.steered(query, -offsets)
        return cls(statistics.languages, query, query, np.ones(len(offsets)), offsets, walk)

    @property
    def is_plain(self) -> bool:
        """Whether scores are cosines with the query as asked."""
        return self.walk is self.query

    @property
    def asks_as_given(self) -> bool:
        """Whether all languages are asked the query itself, so that a corrected score tells the cosine."""
        return self.queries is self.query

    def query_of(self, place: int) -> np.ndarray:
        """What a language is asked, (dim,) float32."""
        return self.queries if self.queries.ndim == 1 else np.asarray(self.queries[place])

    def products(self, vectors: np.ndarray, languages: np.ndarray) -> np.ndarray:
        """queries_L · p of vectors, (m, dim), in languages, (m,) int64 places: (m,) float64."""
        if self.queries.ndim == 1:
            return inner(np.ascontiguousarray(vectors), self.queries).astype(np.float64)
        return np.asarray(np.einsum("md,md->m", vectors, self.queries[languages]), dtype=np.float64)

    def scores(self, products: np.ndarray, languages: np.ndarray) -> np.ndarray:
        """Corrected scores of passages in languages, (m,) int64 places, from `products`: (m,) float64."""
        return np.asarray(self.factors[languages] * products - self.offsets[languages])
