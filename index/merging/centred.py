"""Each language's offset is taken off: a random passage of any language scores the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from index.merging.lens import Lens
from index.merging.merge import Merge
from index.merging.statistics import Statistics
from index.products import inner

__all__ = ["Centred"]


@dataclass(frozen=True)
class Centred(Merge):
    """s − q · (mu_L − mu), with mu_L the mean vector of the passages of L, drawn in where they are few, and mu of all.

    query_side: take the mean of the passages in the query's language off the query too. That changes the order
    within languages; a query whose language is unknown, or has no passage here, stays as it is.
    """

    query_side: bool = False

    rule: ClassVar[str] = "centred"
    source: ClassVar[str] = "mean vectors of languages: Libovický, Rosa and Fraser, Findings of EMNLP 2020"

    def lens(self, query: np.ndarray, statistics: Statistics, asked: str) -> Lens:
        """Every language is asked the same; its offset is the mean score of its passages less that of all."""
        place = statistics.place(asked) if self.query_side else None
        if place is None:
            return Lens.shifted(query, statistics, inner(statistics.ahead32, query))
        moved = query - statistics.means32[place]
        offsets = inner(statistics.ahead32, moved)
        walk = statistics.steered(moved, -offsets)
        return Lens(statistics.languages, query, moved, np.ones(len(offsets)), offsets, walk)
