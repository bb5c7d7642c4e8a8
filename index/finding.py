"""From query vectors to hits: by raw score or a merge rule, with or without a report on what they favour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from index.answer import Found, Hit
from index.backend import PassageIndex
from index.bias import BiasReport, Reporter
from index.merging.keeping import Corrections
from index.merging.merge import Merge
from index.merging.rules import SCORE
from index.question import Scope

__all__ = ["Finder"]


class Finder:
    """Searches one index. corrections: what its merge rules know of it."""

    def __init__(self, index: PassageIndex, corrections: Corrections) -> None:
        self._index, self._corrections = index, corrections
        self._reporter = Reporter(index.means, index.sample)

    def find(
        self, vectors: np.ndarray, codes: Sequence[str], scope: Scope, merge: Merge, bias: bool
    ) -> list[tuple[list[Hit], BiasReport | None]]:
        """Hits for each of vectors, (n, dim) float32, L2-normalised, by a rule, with a report where bias is wanted.

        codes: the queries' languages.
        """
        if merge == SCORE and not bias:
            return [(hits, None) for hits in self._index.search(vectors, scope)]
        if merge == SCORE:
            found = self._index.search_wider(vectors, scope)
        else:
            found = [Found.of(hits) for hits in self._merged(vectors, codes, scope, merge)]
        if not bias:
            return [(each.hits, None) for each in found]
        told = [(each.scores, each.languages, len(each.hits)) for each in found]
        # Under a filter the sizes of the pool are not known, and a rule's order is no longer the scores' doing.
        may_warn = merge == SCORE and not scope.where
        reports = self._reporter.reports(vectors, told, scope.languages, may_warn)
        return list(zip([each.hits for each in found], reports, strict=True))

    def _merged(self, vectors: np.ndarray, codes: Sequence[str], scope: Scope, merge: Merge) -> list[list[Hit]]:
        statistics = self._corrections.statistics(scope.languages, merge.needs_fitting)
        lenses = [merge.lens(vector, statistics, code) for vector, code in zip(vectors, codes, strict=True)]
        return self._index.merged(lenses, merge, statistics, scope)
