"""Languages have the hits' places in proportions that the caller gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from index.merging.merge import Candidates, Merge
from index.merging.places import by_turns, wanted_by_turns

__all__ = ["Quota"]


@dataclass(frozen=True)
class Quota(Merge):
    """Every language's share of the first n places is the one given, to the nearest place, for every n.

    shares: (language, share) in order of code, shares above 0 that add up to 1 at most. What is left goes to the other
    languages searched in proportion to the pool; when nothing is left they come last, by score. A language that has no
    more passages leaves its places to the others.
    """

    shares: tuple[tuple[str, float], ...] = ()

    rule: ClassVar[str] = "quota"
    source: ClassVar[str] = "proportions by highest quotients, PM-2: Dang and Croft, SIGIR 2012, with shares as given"
    gives_places: ClassVar[bool] = True

    def wanted(self, sizes: Mapping[str, int], k: int) -> np.ndarray:
        """Each language's share of k."""
        return wanted_by_turns(sizes, self._weights(sizes), k)

    def arrange(self, candidates: Candidates, k: int) -> np.ndarray:
        """By turns, weighted as given."""
        return by_turns(candidates, self._weights(candidates.sizes))

    def _weights(self, sizes: Mapping[str, int]) -> np.ndarray:
        given = dict(self.shares)
        others = sum(size for code, size in sizes.items() if code not in given)
        left = max(0.0, 1 - sum(given.values()))
        return np.array([given.get(code, left * size / max(1, others)) for code, size in sizes.items()])

    def as_json(self) -> dict[str, Any]:
        """The rule with its shares as an object."""
        return {"rule": self.rule, "shares": dict(self.shares)}
