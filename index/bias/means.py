"""The mean vector of each language: what a query's score of a random passage of it is, on average."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

__all__ = ["Means"]


@dataclass(frozen=True)
class Means:
    """Mean vectors of a collection's passages by language, as of one moment.

    languages: sorted by code, those without passages left out. counts: (L,) int64, passages.
    vectors: (L, dim) float64, the mean of each language's vectors, shorter than 1.
    """

    languages: tuple[str, ...]
    counts: np.ndarray
    vectors: np.ndarray

    @cached_property
    def shares(self) -> np.ndarray:
        """Each language's share of the pool, (L,) float64; adds up to 1 unless there are no passages."""
        return np.asarray(self.counts / max(1, int(self.counts.sum())))

    @cached_property
    def pool(self) -> np.ndarray:
        """The mean vector of all passages, (dim,) float64; zeros when there are none."""
        return np.asarray(self.shares @ self.vectors)

    @cached_property
    def ahead(self) -> np.ndarray:
        """Each language's mean less the pool's, (L, dim) float64."""
        return np.asarray(self.vectors - self.pool)

    def offsets(self, queries: np.ndarray) -> np.ndarray:
        """The score by which a random passage of each language starts ahead of one of the pool: (n, L) float64.

        queries: (n, dim), L2-normalised. offset_L(q) = q · (mu_L − mu), with mu_L the mean vector of the passages of
        L and mu of all passages; a row weighted by `shares` adds up to 0. Own definition; the means are those of
        Libovický et al., Findings of EMNLP 2020.
        """
        return np.asarray(queries @ self.ahead.T)

    def among(self, languages: Iterable[str]) -> Means:
        """The same for a pool of these languages alone; those without passages are left out."""
        wanted = set(languages)
        kept = [place for place, code in enumerate(self.languages) if code in wanted]
        if len(kept) == len(self.languages):
            return self
        return Means(tuple(self.languages[place] for place in kept), self.counts[kept], self.vectors[kept])
