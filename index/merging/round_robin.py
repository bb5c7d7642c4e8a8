"""Languages take turns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from index.merging.merge import Candidates, Merge
from index.merging.places import by_turns, wanted_by_turns

__all__ = ["RoundRobin"]


@dataclass(frozen=True)
class RoundRobin(Merge):
    """First the best passage of each language, the best score first, then the second of each, and so on.

    A language of few passages has as many turns as a large one until it has no more.
    """

    rule: ClassVar[str] = "round-robin"
    source: ClassVar[str] = "round-robin merging: Voorhees, Gupta and Johnson-Laird, SIGIR 1995"
    gives_places: ClassVar[bool] = True

    def wanted(self, sizes: Mapping[str, int], k: int) -> np.ndarray:
        """As many as there are rounds."""
        return wanted_by_turns(sizes, np.ones(len(sizes)), k)

    def arrange(self, candidates: Candidates, k: int) -> np.ndarray:
        """By place within the language, then by score."""
        return by_turns(candidates, np.ones(len(candidates.sizes)))
