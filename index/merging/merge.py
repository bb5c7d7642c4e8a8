"""What every rule is: how a query sees each language, and how candidates of several languages become one list.

A rule either corrects scores (its lens differs from the query) or gives languages places (its `arrange` looks at
languages), and leaves the other half as it is here. Both halves are pure functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from index.merging.lens import Lens
from index.merging.statistics import Statistics

__all__ = ["Candidates", "Merge", "at_most", "ranks_in_languages"]


@dataclass(frozen=True, slots=True)
class Candidates:
    """What was found for one query in several languages; nothing stands in it twice.

    languages: (m,) int64, places in `sizes`. scores: (m,) float64, as the rule's lens gives them. keys: (m,) int64,
    unequal; of equal scores the lower key goes first. sizes: language → passages in the pool.
    """

    languages: np.ndarray
    scores: np.ndarray
    keys: np.ndarray
    sizes: Mapping[str, int]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.scores)


@dataclass(frozen=True)
class Merge:
    """A rule that makes one list of what was found in several languages; subclasses' fields are its options.

    rule: its name. source: where it is from. needs_fitting: whether it asks for more than means. gives_places: whether
    it looks at languages when it arranges, so that it wants candidates of each.
    """

    rule: ClassVar[str]
    source: ClassVar[str]
    needs_fitting: ClassVar[bool] = False
    gives_places: ClassVar[bool] = False

    def lens(self, query: np.ndarray, statistics: Statistics, asked: str) -> Lens:
        """How a query, (dim,), sees each language of `statistics`; asked: the query's language, "und" if unknown.

        Any factor above 0 and any sum are allowed, but within a language the same for all passages, unless the rule
        says that it changes the order there.
        """
        return Lens.plain(query, statistics)

    def wanted(self, sizes: Mapping[str, int], k: int) -> np.ndarray:
        """How many of each language, best first, may be among the first k: (L,) int64.

        sizes: language → passages in the pool, all of which may be found. Under a filter use `at_most`.
        """
        return at_most(sizes, k)

    def arrange(self, candidates: Candidates, k: int) -> np.ndarray:
        """All candidates in their final order, (m,) int64; the first k are the answer."""
        return np.lexsort((candidates.keys, -candidates.scores))

    def as_json(self) -> dict[str, Any]:
        """The rule with its options: what `parse_merge` reads."""
        return {"rule": self.rule, **{field.name: getattr(self, field.name) for field in fields(self)}}


def at_most(sizes: Mapping[str, int], k: int) -> np.ndarray:
    """Passages of each language that k hits can hold: (L,) int64."""
    return np.minimum(np.fromiter(sizes.values(), dtype=np.int64, count=len(sizes)), k)


def ranks_in_languages(candidates: Candidates) -> np.ndarray:
    """Each candidate's place among those of its language, from 0: (m,) int64."""
    order = np.lexsort((candidates.keys, -candidates.scores, candidates.languages))
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order))
    if len(order):
        languages = candidates.languages[order]
        first = np.searchsorted(languages, languages, side="left")
        ranks[order] -= first
    return ranks
