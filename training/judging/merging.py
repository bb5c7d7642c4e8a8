"""Merge rules of the index judged like encoders: the order a rule gives a whole pool, as scores."""

from __future__ import annotations

import numpy as np

from index.bias.means import Means
from index.merging import Candidates, Merge, Statistics
from index.merging.fitting import SAMPLE, fit
from training.benchmarks.base import Benchmark
from training.judging.scorers import VectorScorer

__all__ = ["MergedScorer", "statistics_of"]

_BLOCK = 256
_K = 10


def statistics_of(benchmark: Benchmark, vectors: np.ndarray) -> Statistics:
    """What a collection of the benchmark's passages would know of itself; vectors: (n, dim) float32."""
    codes = benchmark.passage_codes()
    rows = {code: np.flatnonzero(codes == place) for place, code in enumerate(benchmark.languages)}
    rows = {code: held for code, held in rows.items() if len(held)}
    counts = {code: len(held) for code, held in rows.items()}
    means = np.stack([vectors[held].mean(axis=0, dtype=np.float64) for held in rows.values()])
    samples = {code: vectors[held[:: max(1, -(-len(held) // SAMPLE))]] for code, held in rows.items()}
    return Statistics(Means(tuple(rows), np.array(list(counts.values())), means), fit(samples, counts, ""))


class MergedScorer:
    """Scores whose order is the one that a rule gives all passages.

    A rule that corrects scores gives these; one that gives places gives each passage less its place. Rules that look
    at the number of hits are asked for ten. Raises ValueError where a language of the benchmark has no passages.
    """

    def __init__(self, benchmark: Benchmark, scorer: VectorScorer, merge: Merge, statistics: Statistics) -> None:
        self.merge, self._queries = merge, benchmark.query_languages
        if list(statistics.languages) != benchmark.languages:
            raise ValueError("every language of the benchmark needs passages")
        self._codes = benchmark.passage_codes().astype(np.int64)
        self._scores = np.empty((len(benchmark.queries), benchmark.size), dtype=np.float32)
        for start in range(0, len(self._queries), _BLOCK):
            self._fill(range(start, min(start + _BLOCK, len(self._queries))), scorer, statistics)

    def _fill(self, rows: range, scorer: VectorScorer, statistics: Statistics) -> None:
        asked = np.asarray(scorer.query_vectors[rows.start : rows.stop], dtype=np.float32)
        lenses = [
            self.merge.lens(query, statistics, self._queries[row]) for row, query in zip(rows, asked, strict=True)
        ]
        for place in range(len(statistics.languages)):
            members = np.flatnonzero(self._codes == place)
            queries = np.stack([lens.query_of(place) for lens in lenses]).astype(np.float64)
            products = queries @ scorer.passage_vectors[members].astype(np.float64).T
            factors = np.array([lens.factors[place] for lens in lenses])[:, None]
            offsets = np.array([lens.offsets[place] for lens in lenses])[:, None]
            self._scores[rows.start : rows.stop, members] = factors * products - offsets
        if self.merge.gives_places:
            sizes = dict(zip(statistics.languages, statistics.means.counts.tolist(), strict=True))
            keys = np.arange(len(self._codes))
            for row in rows:
                order = self.merge.arrange(Candidates(self._codes, self._scores[row].astype(float), keys, sizes), _K)
                self._scores[row, order] = -np.arange(len(order), dtype=np.float32)

    def block(self, queries: np.ndarray, passages: np.ndarray) -> np.ndarray:
        """Scores of all queries with all passages: (n_queries, n_passages) float32."""
        return np.asarray(self._scores[np.ix_(queries, passages)])

    def pairs(self, queries: np.ndarray, passages: np.ndarray) -> np.ndarray:
        """Scores of query i with passage i: (n,) float32."""
        return np.asarray(self._scores[queries, passages])
