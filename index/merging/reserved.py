"""Some places are kept for every language; the rest go by score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from index.merging.merge import Candidates, Merge, ranks_in_languages

__all__ = ["Reserved"]


@dataclass(frozen=True)
class Reserved(Merge):
    """At least `places` hits of every language searched that has as many; in order of score.

    places: 1 or more. The best passages of a language that would be missing take the places of the lowest hits that
    no language needs. Where k is too small for all, the languages whose best passages score highest have them.
    """

    places: int = 1

    rule: ClassVar[str] = "reserved"
    source: ClassVar[str] = "least counts among the first k, greedy: Geyik et al., KDD 2019, arXiv 1905.01989"
    gives_places: ClassVar[bool] = True

    def arrange(self, candidates: Candidates, k: int) -> np.ndarray:
        """The first k are those with a reserved place and the best others, by score; the rest follow by score."""
        by_score = np.lexsort((candidates.keys, -candidates.scores))
        ranks = ranks_in_languages(candidates)[by_score]
        # First places of all languages before second ones; of equal rank the better score has it.
        claims = np.argsort(np.minimum(ranks, self.places), kind="stable")
        is_first = np.zeros(len(by_score), dtype=bool)
        is_first[claims[:k]] = True
        return np.concatenate([by_score[is_first], by_score[~is_first]])
