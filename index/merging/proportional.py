"""Languages have the hits' places in proportion to the pool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from index.merging.merge import Candidates, Merge
from index.merging.places import by_turns, wanted_by_turns

__all__ = ["Proportional"]


@dataclass(frozen=True)
class Proportional(Merge):
    """Every language's share of the first n places is its share of the pool to the nearest place, for every n.

    Within a language the best passage comes first. A language of 0.1 % has its first place near the 500th.
    """

    rule: ClassVar[str] = "proportional"
    source: ClassVar[str] = "proportions by highest quotients, PM-2: Dang and Croft, SIGIR 2012"
    gives_places: ClassVar[bool] = True

    def wanted(self, sizes: Mapping[str, int], k: int) -> np.ndarray:
        """Each language's proportion of k."""
        return wanted_by_turns(sizes, _weights(sizes), k)

    def arrange(self, candidates: Candidates, k: int) -> np.ndarray:
        """By turns, weighted by passages."""
        return by_turns(candidates, _weights(candidates.sizes))


def _weights(sizes: Mapping[str, int]) -> np.ndarray:
    return np.fromiter(sizes.values(), dtype=np.float64, count=len(sizes))
