"""From queries' vectors to hits: by a merge rule, with a report on what they favour where one is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.answer import Found, Hit
from index.backend import PassageIndex
from index.bias import BiasReport, Reporter
from index.merging.keeping import Corrections
from index.merging.merge import Merge
from index.merging.rules import SCORE
from index.question import Scope

__all__ = ["Finder"]


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds in one index. corrections: what rules know of it. reporter: what reports know of it."""

    index: PassageIndex
    corrections: Corrections
    reporter: Reporter

    def find(
        self, vectors: np.ndarray, codes: Sequence[str], scope: Scope, merge: Merge, bias: bool
    ) -> list[tuple[list[Hit], BiasReport | None]]:
        """Hits for each of vectors, (n, dim), asked in languages `codes`, with a report where bias is wanted.

        A report on hits in another rule's order than that of scores knows these hits alone, and ranks them among
        themselves.
        """
        if merge == SCORE and not bias:
            return [(hits, None) for hits in self.index.search(vectors, scope)]
        if merge == SCORE:
            found = self.index.search_wider(vectors, scope)
        else:
            found = [Found.of(hits) for hits in self._by_rule(vectors, codes, scope, merge)]
        if not bias:
            return [(each.hits, None) for each in found]
        # Under a filter the sizes of the pool are not known, and a rule's order is no longer the scores' doing.
        reports = self._reports(vectors, found, scope, may_warn=merge == SCORE and not scope.where)
        return list(zip([each.hits for each in found], reports, strict=True))

    def report(self, vector: np.ndarray, hits: list[Hit], scope: Scope) -> BiasReport:
        """A report on hits that words or a reranker have put in order: of these alone, and without a warning."""
        return self._reports(vector[np.newaxis], [Found.of(hits)], scope, may_warn=False)[0]

    def _reports(self, vectors: np.ndarray, found: Sequence[Found], scope: Scope, may_warn: bool) -> list[BiasReport]:
        told = [(each.scores, each.languages, len(each.hits)) for each in found]
        return self.reporter.reports(vectors, told, scope.languages, may_warn)

    def _by_rule(self, vectors: np.ndarray, codes: Sequence[str], scope: Scope, merge: Merge) -> list[list[Hit]]:
        statistics = self.corrections.statistics(scope.languages, merge.needs_fitting)
        lenses = [merge.lens(vector, statistics, code) for vector, code in zip(vectors, codes, strict=True)]
        return self.index.merged(lenses, merge, statistics, scope)
