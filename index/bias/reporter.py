"""Reports on the answers of one collection."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from index.bias.means import Means
from index.bias.ndkl import ndkl
from index.bias.pool import Pool, Pools
from index.bias.report import BiasReport
from index.bias.warning import Leaning, leaning

__all__ = ["Reporter"]


class Reporter:
    """Says what answers favour. means, read: as `Pools` has them."""

    def __init__(self, means: Callable[[], Means], read: Callable[[str, int], np.ndarray]) -> None:
        self._pools = Pools(means, read)

    def reports(
        self,
        queries: np.ndarray,
        found: Sequence[tuple[np.ndarray, Sequence[str], int]],
        languages: tuple[str, ...] | None,
        is_filtered: bool = False,
    ) -> list[BiasReport]:
        """A report for each query, in order.

        queries: (n, dim) float32, L2-normalised. found: for each query scores, (m,), and languages of all that was
        found, hits first, and how many hits there are. languages: those searched; None for all. is_filtered: whether a
        filter on metadata held; how many passages of each language fit it is not known then, so nothing is warned of.
        """
        pool = self._pools.of(languages)
        offsets = queries @ pool.ahead.T
        return [
            self._report(query, pool, row, *each, is_filtered)
            for query, row, each in zip(queries, offsets, found, strict=True)
        ]

    def _report(
        self,
        query: np.ndarray,
        pool: Pool,
        offsets: np.ndarray,
        scores: np.ndarray,
        codes: Sequence[str],
        count: int,
        is_filtered: bool,
    ) -> BiasReport:
        # A language written a moment ago may be found before it is counted; it stands as it is and counts nowhere.
        places = np.array([pool.places.get(code, -1) for code in codes], dtype=np.int64)
        first = places[:count][places[:count] >= 0]
        hits = np.bincount(first, minlength=len(offsets))
        evenness = by_chance = warning = None
        if len(first):
            chance = pool.samples.chance(min(len(first), int(pool.samples.counts.sum())))
            evenness, by_chance = float(ndkl(first[np.newaxis], pool.means.shares)[0]), chance.ndkl
            lean = None if is_filtered else leaning(query, pool, offsets, hits, scores, chance)
            warning = None if lean is None else _warning(lean, pool.means, offsets, hits)
        return BiasReport(
            pool.means.languages,
            pool.means.counts,
            hits,
            offsets,
            evenness,
            by_chance,
            _ranks(scores - np.append(offsets, 0.0)[places], count),
            warning,
        )


def _ranks(even: np.ndarray, count: int) -> tuple[int | None, ...]:
    """Of each of the first `count`, its rank by scores without offsets, (m,), from 1; None beyond `count`."""
    ranks = np.empty(len(even), dtype=np.int64)
    ranks[np.argsort(-even, kind="stable")] = np.arange(1, len(even) + 1)
    return tuple(rank if rank <= count else None for rank in ranks[:count].tolist())


def _warning(lean: Leaning, means: Means, offsets: np.ndarray, hits: np.ndarray) -> str:
    code, total = means.languages[lean.place], int(hits.sum())
    has = f"{hits[lean.place]} of {total} hits, where its share of the passages would give it"
    has += f" {total * means.shares[lean.place]:.1f}"
    score = f"{abs(offsets[lean.place]):.3f}"
    if lean.effect > 0:
        said = f"The hits lean to {code}: it has {has}; its passages start {score} ahead with this query"
        return f"{said}, which by itself brings about {max(1, round(lean.effect))} of them."
    said = f"The hits lean away from {code}: it has {has}; its passages start {score} behind with this query"
    return f"{said}, which by itself costs about {max(1, round(-lean.effect))}."
