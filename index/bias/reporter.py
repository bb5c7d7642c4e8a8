"""Reports on the answers of one collection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from index.bias.means import Means
from index.bias.ndkl import ndkl_of_one
from index.bias.pool import Pool, Pools
from index.bias.report import BiasReport
from index.bias.warning import Leaning, leaning

__all__ = ["Reporter"]

_UNKNOWN = -1
"""A language written a moment ago may be found before it is counted; it stands as it is and counts nowhere."""


class Reporter:
    """Says what answers favour. means, read: as `Pools` has them."""

    def __init__(self, means: Callable[[], Means], read: Callable[[str, int], np.ndarray]) -> None:
        self._pools = Pools(means, read)

    def reports(
        self,
        queries: np.ndarray,
        found: Sequence[tuple[Sequence[float], Sequence[str], int]],
        languages: tuple[str, ...] | None,
        may_warn: bool = True,
    ) -> list[BiasReport]:
        """A report for each query, in order.

        queries: (n, dim) float32, L2-normalised. found: for each query scores and languages of all that was found,
        hits first, and how many hits there are. languages: those searched; None for all. may_warn: False where
        the bound of a warning does not hold.
        """
        pool = self._pools.of(languages)
        offsets = queries @ pool.ahead.T
        return [
            self._report(query, pool, row, *each, may_warn)
            for query, row, each in zip(queries, offsets, found, strict=True)
        ]

    def _report(
        self,
        query: np.ndarray,
        pool: Pool,
        offsets: np.ndarray,
        scores: Sequence[float],
        codes: Sequence[str],
        count: int,
        may_warn: bool,
    ) -> BiasReport:
        # Tens of numbers: arrays of them would cost more than the numbers do.
        places = [pool.places.get(code, _UNKNOWN) for code in codes]
        first = [place for place in places[:count] if place != _UNKNOWN]
        evenness = by_chance = warning = None
        if first:
            chance = pool.samples.chance(min(len(first), pool.samples.total))
            evenness, by_chance = ndkl_of_one(first, pool.shares), chance.ndkl
            hits = Counter(first)
            lean = leaning(query, pool, offsets, hits, scores, chance) if may_warn else None
            warning = None if lean is None else _warning(lean, pool.means, offsets, hits, len(first))
        return BiasReport(
            pool.means.languages,
            pool.means.counts,
            tuple(first),
            offsets,
            evenness,
            by_chance,
            _ranks(scores, [*offsets.tolist(), 0.0], places, count),
            warning,
        )


def _ranks(scores: Sequence[float], offsets: list[float], places: list[int], count: int) -> tuple[int | None, ...]:
    """Of each of the first `count`, its rank by scores less offsets, from 1; None beyond `count`."""
    even = [offsets[place] - score for score, place in zip(scores, places, strict=True)]
    ranks: list[int | None] = [None] * len(even)
    for rank, row in enumerate(sorted(range(len(even)), key=even.__getitem__)[:count], start=1):
        ranks[row] = rank
    return tuple(ranks[:count])


def _warning(lean: Leaning, means: Means, offsets: np.ndarray, hits: Mapping[int, int], total: int) -> str:
    code = means.languages[lean.place]
    has = f"{hits.get(lean.place, 0)} of {total} hits, where its share of the passages would give it"
    has += f" {total * means.shares[lean.place]:.1f}"
    score = f"{abs(offsets[lean.place]):.3f}"
    if lean.effect > 0:
        said = f"The hits lean to {code}: it has {has}; its passages start {score} ahead with this query"
        return f"{said}, which by itself brings about {max(1, round(lean.effect))} of them."
    said = f"The hits lean away from {code}: it has {has}; its passages start {score} behind with this query"
    return f"{said}, which by itself costs about {max(1, round(-lean.effect))}."
