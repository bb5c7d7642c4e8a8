"""NDKL: how far the languages of the hits are from the languages of the pool."""

from __future__ import annotations

import numpy as np

from index.bias.ndkl import ndkl
from training.benchmarks.base import Benchmark
from training.bias.base import BiasMeasure
from training.judging.rankings import Rankings

__all__ = ["NDKL"]

_K = 100


def _ndkl(benchmark: Benchmark, rankings: Rankings) -> np.ndarray:
    codes = benchmark.passage_codes()
    pool = np.bincount(codes, minlength=len(benchmark.languages)) / benchmark.size
    top = _settled(rankings)
    return ndkl(np.where(top >= 0, codes[top], -1), pool)


def _settled(rankings: Rankings) -> np.ndarray:
    """The first hits, (n_queries, k), -1 for those that tie with the first one left out: their order is chance.

    BM25 gives most passages 0, and the first of them stand by language, as they were read.
    """
    top = rankings.top[:, :_K]
    if rankings.top.shape[1] <= _K:
        return top
    left_out, score = rankings.top[:, _K, None] >= 0, rankings.top_scores[:, _K, None]
    return np.where(left_out & (rankings.top_scores[:, :_K] <= score), -1, top)


def _caution(benchmark: Benchmark) -> str | None:
    if len(set(benchmark.passage_languages)) > 1:
        return None
    return f"NDKL says nothing on {benchmark.name}: its pool has one language."


NDKL = BiasMeasure(
    name="NDKL",
    meaning=f"How far the languages of the first {_K} hits are from those of the pool, first hits weighing most.",
    formula=(
        f"(1/Z) Σ_i KL(D_i ‖ D) / log2(i + 1) for i = 1 … {_K} (or to the end of a smaller pool), without the hits "
        "that tie with the first one left out, whose order is chance, "
        "Z = Σ_i 1 / log2(i + 1), with D_i the share of each language among the first i hits, D among all passages, "
        "natural logarithm. The first hit alone has one language, so 0 cannot be reached with several."
    ),
    source="Geyik et al., KDD 2019 (arXiv 1905.01989), section 3, the measure NDKL",
    range="0 to −ln(share of the rarest language in the pool)",
    direction="lower is more even",
    compute=_ndkl,
    caution=_caution,
)
