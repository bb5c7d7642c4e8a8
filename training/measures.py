"""Relevance measures and rank distance from one pass over the scores.

Average precision as `sklearn.metrics.average_precision_score` computes it: each relevant
passage contributes the precision among all passages that score at least as much, so ties
count against the encoder. That needs only, for each relevant passage, how many passages and
how many relevant ones stand at or above it, which gives every setting at once: counted over
the passages of one language it is the monolingual or cross-lingual pool, counted over all it
is the multilingual one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from index.errors import InvalidInput
from training.benchmarks.base import Benchmark

__all__ = ["GoldRanks", "average_precision", "gold_ranks", "rank_distance", "recall_at", "translated_recall_at"]

_BLOCK_SCORES = 8_000_000


@dataclass(frozen=True, slots=True)
class GoldRanks:
    """Where the relevant passages of every query stand.

    One entry per (query, relevant passage), ordered by query.

    queries: (n,) index of the query. languages: (n,) the passage's language, as index.
    rank_in_language, rank_in_pool: (n,) passages at or above, counted from 1, ties against.
    golds_in_language, golds_in_pool: (n,) relevant passages at or above, itself included.
    """

    queries: np.ndarray
    languages: np.ndarray
    rank_in_language: np.ndarray
    rank_in_pool: np.ndarray
    golds_in_language: np.ndarray
    golds_in_pool: np.ndarray


def gold_ranks(benchmark: Benchmark, query_vectors: np.ndarray, passage_vectors: np.ndarray) -> GoldRanks:
    """Rank every query's relevant passages, exactly.

    query_vectors: (n_queries, dim) float32, L2-normalised; passage_vectors: (n_passages, dim) likewise.
    Raises InvalidInput when a vector is not finite.
    """
    for name, vectors in (("query", query_vectors), ("passage", passage_vectors)):
        if not np.isfinite(vectors).all():
            bad = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
            raise InvalidInput(f"The encoder gave a vector that is not finite for {name} number {bad}.")
    codes = np.array([benchmark.languages.index(code) for code in benchmark.passage_languages])
    # Passages of one language side by side: a language's pool is then a slice of the scores.
    order = np.argsort(codes, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    bounds = np.searchsorted(codes[order], np.arange(len(benchmark.languages) + 1))
    passages = np.ascontiguousarray(passage_vectors[order])
    parts = [
        _rank_block(
            query_vectors[start:end] @ passages.T, [place[g] for g in benchmark.golds[start:end]], bounds, start
        )
        for start, end in _blocks(len(query_vectors), len(passages))
    ]
    return GoldRanks(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _blocks(n_queries: int, n_passages: int) -> Iterator[tuple[int, int]]:
    size = max(1, _BLOCK_SCORES // n_passages)
    for start in range(0, n_queries, size):
        yield start, min(start + size, n_queries)


def _rank_block(
    scores: np.ndarray, golds: list[np.ndarray], bounds: np.ndarray, first_query: int
) -> tuple[np.ndarray, ...]:
    columns: list[tuple[int, int, int, int, int, int]] = []
    for row, gold in enumerate(golds):
        gold_scores = scores[row, gold]
        ascending = np.sort(scores[row])
        in_pool = len(ascending) - np.searchsorted(ascending, gold_scores, side="left")
        languages = np.searchsorted(bounds, gold, side="right") - 1
        for score, language, pool_rank in zip(gold_scores, languages, in_pool, strict=True):
            pool = scores[row, bounds[language] : bounds[language + 1]]
            above = gold_scores >= score
            columns.append(
                (first_query + row, language, int((pool >= score).sum()), pool_rank,
                 int((above & (languages == language)).sum()), int(above.sum()))
            )  # fmt: skip
    return tuple(np.array(column) for column in zip(*columns, strict=True))


def average_precision(keys: np.ndarray, ranks: np.ndarray, golds: np.ndarray) -> dict[int, float]:
    """Average precision of each query: mean over its relevant passages of golds / rank.

    keys: (n,) the query of each entry; ranks, golds: (n,) at or above each relevant passage.
    """
    return _mean_by(keys, golds / ranks)


def recall_at(k: int, keys: np.ndarray, ranks: np.ndarray) -> dict[int, float]:
    """Share of each query's relevant passages that rank k or better."""
    return _mean_by(keys, (ranks <= k).astype(float))


def rank_distance(keys: np.ndarray, ranks: np.ndarray) -> dict[int, float]:
    """Worst minus best rank of each query's parallel relevant passages in the pool.

    arXiv 2408.10536, section 4.1, after Huang et al. (SIGIR 2023, arXiv 2305.09025);
    0 is even, lower is better.
    """
    unique, start = np.unique(keys, return_index=True)
    spread = np.maximum.reduceat(ranks, start) - np.minimum.reduceat(ranks, start)
    return dict(zip(unique.tolist(), spread.astype(float).tolist(), strict=True))


def translated_recall_at(k: int, ranks: GoldRanks, query_languages: np.ndarray) -> dict[int, float]:
    """Share of each query's relevant passages in other languages that rank k or better in the pool.

    TLR@k as in SHIFT (arXiv 2606.18801); 0 to 1, higher is more even. Queries without a
    relevant passage in another language are left out.

    query_languages: (n_queries,) language of each query, as index.
    """
    other = ranks.languages != query_languages[ranks.queries]
    return recall_at(k, ranks.queries[other], ranks.rank_in_pool[other])


def _mean_by(keys: np.ndarray, values: np.ndarray) -> dict[int, float]:
    unique, inverse = np.unique(keys, return_inverse=True)
    means = np.bincount(inverse, weights=values) / np.bincount(inverse)
    return dict(zip(unique.tolist(), means.tolist(), strict=True))
