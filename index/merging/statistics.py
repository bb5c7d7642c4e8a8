"""What the rules know of a collection: its languages' means, kept current, and what was fitted from a sample."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from index.bias.means import Means
from index.merging.fitted import Fitted
from index.products import inner

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
    def _variances(self) -> np.ndarray:
        """Mean squared distance of each language's passages from their mean, (L,) float64."""
        means = self.means.vectors
        return np.asarray(np.maximum(1 - np.einsum("ld,ld->l", means, means), 1e-9))

    @cached_property
    def ahead(self) -> np.ndarray:
        """What is known of each language's mean less the pool's, (L, dim) float64: drawn in where passages are few.

        The mean of one passage is the passage, and taking it off would leave nothing to find. So a difference counts
        n_L / (n_L + within / between) of itself: within, the variance of passages about their language's mean; between,
        that of languages about the pool's, by the method of moments (James and Stein 1961; Efron and Morris 1975).
        """
        ahead, counts = self.means.ahead, np.maximum(self.means.counts, 1)
        if len(ahead) < 2:
            return ahead
        within = float(self._variances @ self.means.shares)
        between = float(np.mean(np.einsum("ld,ld->l", ahead, ahead) - self._variances / counts))
        return np.asarray((counts / (counts + within / max(between, 1e-9)))[:, None] * ahead)

    @cached_property
    def ahead32(self) -> np.ndarray:
        """`ahead` in float32: what every search multiplies with."""
        return self.ahead.astype(np.float32)

    @cached_property
    def means32(self) -> np.ndarray:
        """The means so known, (L, dim) float32."""
        return np.asarray(self.ahead + self.means.pool, dtype=np.float32)

    @cached_property
    def _steering(self) -> tuple[np.ndarray, np.ndarray]:
        return self._ridge(0.3), self._ridge(1.0)

    def _ridge(self, firmness: float) -> np.ndarray:
        ahead, dim = self.ahead, self.means.vectors.shape[1]
        across = float(self._variances.sum()) / dim  # in one dimension, times the number of languages
        noise = self._variances / np.maximum(self.means.counts, 1) + firmness * across
        return np.ascontiguousarray(np.linalg.solve(ahead @ ahead.T + np.diag(noise), ahead).T, dtype=np.float32)

    def steered(self, query: np.ndarray, shifts: np.ndarray, further: np.ndarray | None = None) -> np.ndarray:
        """A query changed little so that a random passage of L scores about shifts_L more: (dim,) float32.

        shifts: (L,). further: shifts that have nothing to do with where the query stands among the languages, (L,);
        None is none. One walk of a graph with it meets languages in the proportions of the shifted scores, where a
        walk with the query itself meets those that start ahead. The least change whose product with each mu_L − mu is
        what shifts_L is above the pool's lies in the span of these differences; it also adds noise within languages, so
        it gives up what costs more noise than it gains (ridge regression, Hoerl and Kennard 1970: variance of the
        vectors by dimension, and of a mean by its passages). Measured on made vectors by `benchmarks/merging.py`.
        """
        weak, firm = self._steering
        walk = query + inner(weak, (shifts - self.means.shares @ shifts).astype(np.float32))
        if further is not None:
            walk = walk + inner(firm, (further - self.means.shares @ further).astype(np.float32))
        return np.asarray(walk, dtype=np.float32)

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

    @property
    def is_fitted(self) -> np.ndarray:
        """Which languages have directions and a spread of their own, (L,) bool."""
        return self._fitted_places >= 0

    def directions(self, count: int) -> np.ndarray:
        """The first singular directions of each language, (L, count, dim) float32; zeros where none were fitted."""
        places = self._fitted_places
        chosen = np.zeros((len(places), count, self.means.vectors.shape[1]), dtype=np.float32)
        if self.fitted is not None and (places >= 0).any():
            chosen[places >= 0] = self.fitted.directions[places[places >= 0], :count]
        return chosen
