"""Scores are measured in standard deviations of their language's scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from index.merging.lens import Lens
from index.merging.merge import Merge
from index.merging.statistics import Statistics
from index.products import inner

__all__ = ["Standardised"]

_TOP = 4.0
"""Standard deviations above the mean at which the best passages of a large pool stand: one in 30,000 of a normal
distribution. A graph is walked so that languages meet there."""


@dataclass(frozen=True)
class Standardised(Merge):
    """(s − q · mu_L) / sqrt(qᵀ Sigma_L q), with mu_L and Sigma_L mean and covariance of the vectors of L.

    tail: None divides. A number of standard deviations, 0 to 6, is taken off instead:
    s − (q · mu_L + tail · sqrt(qᵀ Sigma_L q)), so that languages are even there and a factor cannot blow up noise.
    """

    tail: float | None = None

    rule: ClassVar[str] = "standardised"
    source: ClassVar[str] = (
        "Z-score merging: Savoy, CLEF 2004; with moments of each language's vectors, Zhao et al., *SEM 2021"
    )
    needs_fitting: ClassVar[bool] = True

    def lens(self, query: np.ndarray, statistics: Statistics, asked: str) -> Lens:
        """Mean and deviation of all of a language's scores, without looking at any."""
        means, spreads = inner(statistics.means32, query), np.maximum(statistics.spreads(query), 1e-6)
        walk = statistics.steered(query, -means, -(_TOP if self.tail is None else self.tail) * spreads)
        if self.tail is not None:
            offsets = means + self.tail * spreads
            return Lens(statistics.languages, query, query, np.ones(len(means)), offsets, walk)
        return Lens(statistics.languages, query, query, 1 / spreads, means / spreads, walk)
