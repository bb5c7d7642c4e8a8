"""What the rules know of a collection: its languages' means, kept current, and what was fitted from a sample."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from index.bias.means import Means
from index.merging.fitted import Fitted

__all__ = ["Statistics"]


@dataclass(frozen=True)
class Statistics:
    """A pool's languages as the rules see them.

    means: of the languages searched. fitted: None when nothing has been fitted.
    """

    means: Means
    fitted: Fitted | None = None

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages searched, in the order of every array here."""
        return self.means.languages

    def place(self, code: str) -> int | None:
        """A language's place, None for one without passages here."""
        return self._places.get(code)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {code: place for place, code in enumerate(self.languages)}

    @cached_property
    def _steering(self) -> np.ndarray:
        ahead, means = self.means.ahead, self.means.vectors
        noise = np.maximum(1 - np.einsum("ld,ld->l", means, means), 1e-9) / np.maximum(self.means.counts, 1)
        return np.asarray(np.linalg.solve(ahead @ ahead.T + np.diag(noise), ahead).T.astype(np.float32))

    def steered(self, query: np.ndarray, shifts: np.ndarray) -> np.ndarray:
        """A query changed as little as can be so that a random passage of L scores shifts_L more: (dim,) float32.

        shifts: (L,).

        One walk of a graph with it meets the languages in the proportions of the shifted scores, where a walk with
        the query itself meets those that start ahead. The least change whose product with each mu_L − mu is shifts_L
        less their mean lies in the span of these differences; a mean of few passages is uncertain by
        (1 − |mu_L|²) / n_L and followed that much less (ridge regression, Hoerl and Kennard 1970).
        """
        even = shifts - self.means.shares @ shifts
        return np.asarray(query + self._steering @ even.astype(np.float32), dtype=np.float32)

    @cached_property
    def _fitted_places(self) -> np.ndarray:
        """Where each language stands in `fitted`, (L,) int64; -1 for those that it does not know."""
        known = {} if self.fitted is None else {code: place for place, code in enumerate(self.fitted.languages)}
        return np.array([known.get(code, -1) for code in self.languages], dtype=np.int64)

    def spreads(self, query: np.ndarray) -> np.ndarray:
        """Standard deviation of the scores of each language's passages, (L,) float64.

        The root of qᵀ Sigma_L q. A language that was not fitted gets the mean of those that were, and all get 1 when
        none was.
        """
        places = self._fitted_places
        if self.fitted is None or (places < 0).all():
            return np.ones(len(places))
        found = self.fitted.spreads(query)
        return np.asarray(np.where(places >= 0, found[places], found[places[places >= 0]].mean()))

    def directions(self, count: int) -> np.ndarray:
        """The first singular directions of each language, (L, count, dim) float32; zeros where none were fitted."""
        places = self._fitted_places
        chosen = np.zeros((len(places), count, self.means.vectors.shape[1]), dtype=np.float32)
        if self.fitted is not None:
            chosen[places >= 0] = self.fitted.directions[places[places >= 0], :count]
        return chosen
