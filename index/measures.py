"""Relevance of one question's ranking, from the ranks of its relevant passages.

The names and values are those of `ir-measures`, which a test compares; it is not needed here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["ndcg", "rank_distance", "recall"]


def recall(ranks: Sequence[int], cut: int = 10) -> float:
    """R@cut: share of the relevant passages among the first `cut`.

    ranks: of all relevant passages, counted from 1.

    >>> recall([1, 12], cut=10)
    0.5
    """
    return sum(rank <= cut for rank in ranks) / len(ranks)


def ndcg(ranks: Sequence[int], cut: int = 10) -> float:
    """nDCG@cut with gains of 1: Σ 1/log2(rank + 1) over the relevant among the first `cut`, over the best such sum.

    Järvelin and Kekäläinen 2002, "Cumulated gain-based evaluation of IR techniques", with the discount of
    Burges et al. 2005, as in trec_eval.

    >>> ndcg([1]), round(ndcg([2]), 4)
    (1.0, 0.6309)
    """
    gained = sum(1 / math.log2(rank + 1) for rank in ranks if rank <= cut)
    return gained / sum(1 / math.log2(place + 1) for place in range(1, min(len(ranks), cut) + 1))


def rank_distance(ranks: Sequence[int]) -> int | None:
    """How many places lie between the best and the worst ranked relevant passage; None when there is only one.

    arXiv 2408.10536, section 4.1, after Huang et al., SIGIR 2023 (arXiv 2305.09025).

    >>> rank_distance([3, 1, 9])
    8
    """
    return max(ranks) - min(ranks) if len(ranks) > 1 else None
