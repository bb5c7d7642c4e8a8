"""Passages are shifted towards a reference language, as if they had been indexed so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from index.merging.lens import Lens
from index.merging.merge import Merge
from index.merging.statistics import Statistics
from index.products import inner

__all__ = ["Shift"]


@dataclass(frozen=True)
class Shift(Merge):
    """s − strength · q · (mu_L − mu_reference): the score of p − strength (mu_L − mu_reference).

    strength: SHIFT's alpha, 0 to 2. reference: a language searched; None takes the mean of all passages, and so does
    one without passages here.
    SHIFT takes the shifts from parallel passages, here they come from the collection's own means.
    """

    strength: float = 0.6
    reference: str | None = None

    rule: ClassVar[str] = "shift"
    source: ClassVar[str] = "SHIFT, arXiv 2606.18801, with means of the collection for its parallel passages"

    def lens(self, query: np.ndarray, statistics: Statistics, asked: str) -> Lens:
        """Passages are shifted by their language's vector, so scores are by its product with the query."""
        products = inner(statistics.means32, query)
        place = None if self.reference is None else statistics.place(self.reference)
        reference = float(statistics.means.pool @ query) if place is None else products[place]
        return Lens.shifted(query, statistics, self.strength * (products - reference))
