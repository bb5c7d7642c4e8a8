"""Judge an encoder in three settings and by language bias, over the same items in one run.

- monolingual: query and passages in one language; mean over languages.
- cross-lingual: query in one language, passages in another; mean over ordered pairs.
- multilingual: one pool of all languages; mean over query languages.
- rank distance: worst minus best rank of a query's parallel relevant passages in the pool.
- TLR@10: share of the relevant passages in other languages than the query's that rank 10 or better in the pool.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Protocol

import numpy as np

from training.benchmarks.base import Benchmark
from training.measures import GoldRanks, average_precision, gold_ranks, rank_distance, recall_at, translated_recall_at

__all__ = ["TextEncoder", "evaluate", "judge"]


class TextEncoder(Protocol):
    """What evaluation needs of an encoder."""

    def encode(self, texts: list[str], kind: str) -> np.ndarray:
        """Vectors of queries or passages: (n, dim) float32, L2-normalised; `kind` is "query" or "passage"."""
        ...


def evaluate(encoder: TextEncoder, benchmark: Benchmark, context: str = "sentence") -> dict[str, Any]:
    """Encode a benchmark and judge the vectors.

    context: "sentence" encodes the passage alone, "paragraph" puts its paragraph behind it.
    Returns the `settings` and `bias` parts of `results.json`.
    """
    passages = benchmark.passages
    if context == "paragraph" and benchmark.contexts is not None:
        passages = [f"{text} {around}" for text, around in zip(passages, benchmark.contexts, strict=True)]
    queries = encoder.encode(benchmark.queries, "query")
    return judge(benchmark, gold_ranks(benchmark, queries, encoder.encode(passages, "passage")))


def judge(benchmark: Benchmark, ranks: GoldRanks) -> dict[str, Any]:
    """Turn ranks into the three settings and rank distance, per language and on average."""
    query_languages = np.array([benchmark.languages.index(code) for code in benchmark.query_languages])
    cells = _cells(benchmark, ranks, query_languages[ranks.queries])
    same = {pair[0]: scores for pair, scores in cells.items() if pair[0] == pair[1]}
    crossed = {"→".join(pair): scores for pair, scores in cells.items() if pair[0] != pair[1]}
    pooled = _pooled(benchmark, ranks, query_languages)
    distances = _by_language(benchmark, query_languages, rank_distance(ranks.queries, ranks.rank_in_pool))
    translated = _by_language(benchmark, query_languages, translated_recall_at(10, ranks, query_languages))
    return {
        "settings": {
            "monolingual": {**_mean(same), "by_language": same},
            "cross-lingual": {**_mean(crossed), "by_pair": crossed},
            "multilingual": {**_mean(pooled), "by_language": pooled},
        },
        "bias": {
            "rank_distance": float(np.mean(list(distances.values()))),
            "rank_distance_by_language": distances,
            "TLR@10": float(np.mean(list(translated.values()))) if translated else None,
            "TLR@10_by_language": translated,
        },
    }


def _cells(
    benchmark: Benchmark, ranks: GoldRanks, query_languages: np.ndarray
) -> dict[tuple[str, str], dict[str, float]]:
    """(query language, passage language) → measures over the passages of that language alone."""
    cells: dict[tuple[str, str], dict[str, float]] = {}
    for q, query_language in enumerate(benchmark.languages):
        for p, passage_language in enumerate(benchmark.languages):
            here = (query_languages == q) & (ranks.languages == p)
            if here.any():
                keys, places, golds = ranks.queries[here], ranks.rank_in_language[here], ranks.golds_in_language[here]
                cells[query_language, passage_language] = _scores(keys, places, golds)
    return cells


def _scores(keys: np.ndarray, ranks: np.ndarray, golds: np.ndarray) -> dict[str, float]:
    per_query = {
        "mAP": average_precision(keys, ranks, golds),
        "R@1": recall_at(1, keys, ranks),
        "R@10": recall_at(10, keys, ranks),
    }
    return {name: float(np.mean(list(values.values()))) for name, values in per_query.items()}


def _pooled(benchmark: Benchmark, ranks: GoldRanks, query_languages: np.ndarray) -> dict[str, dict[str, float]]:
    by_language: dict[str, dict[str, float]] = {}
    of_entry = query_languages[ranks.queries]
    for q, language in enumerate(benchmark.languages):
        here = of_entry == q
        if here.any():
            by_language[language] = _scores(ranks.queries[here], ranks.rank_in_pool[here], ranks.golds_in_pool[here])
    return by_language


def _by_language(benchmark: Benchmark, query_languages: np.ndarray, values: dict[int, float]) -> dict[str, float]:
    collected: dict[str, list[float]] = defaultdict(list)
    for query, value in values.items():
        collected[benchmark.languages[query_languages[query]]].append(value)
    return {language: float(np.mean(numbers)) for language, numbers in sorted(collected.items())}


def _mean(scores: dict[str, dict[str, float]]) -> dict[str, float]:
    return (
        {name: float(np.mean([s[name] for s in scores.values()])) for name in ("mAP", "R@1", "R@10")} if scores else {}
    )
