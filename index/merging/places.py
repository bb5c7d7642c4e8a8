"""Places given to languages by weight, each in its turn: what round robin, proportions and quotas share."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from index.merging.merge import Candidates, ranks_in_languages

__all__ = ["by_turns", "wanted_by_turns"]


def by_turns(candidates: Candidates, weights: np.ndarray) -> np.ndarray:
    """All candidates in order, (m,) int64: the next place goes to the language furthest behind its weight.

    weights: (L,), 0 or more; a language of weight 0 comes after all others. A language's i-th passage has the quotient
    weight / (2 i − 1), and the highest quotients come first (Webster 1832, Sainte-Laguë 1910; for search results PM-2,
    Dang and Croft, SIGIR 2012): the first n places are each language's proportion of n, to the nearest whole, for
    every n. Of equal quotients the better score comes first.
    """
    quotients = weights[candidates.languages] / (2 * ranks_in_languages(candidates) + 1)
    return np.lexsort((candidates.keys, -candidates.scores, -quotients))


def wanted_by_turns(sizes: Mapping[str, int], weights: np.ndarray, k: int) -> np.ndarray:
    """How many of each language may be among the first k, (L,) int64, whatever their scores."""
    held = np.minimum(np.fromiter(sizes.values(), dtype=np.int64, count=len(sizes)), k)
    languages = np.repeat(np.arange(len(held)), held)
    ranks = np.arange(len(languages)) - np.repeat(np.cumsum(held) - held, held)
    quotients = weights[languages] / (2 * ranks + 1)
    if len(quotients) <= k:
        return held
    least = np.partition(quotients, len(quotients) - k)[len(quotients) - k]
    return np.bincount(languages[quotients >= least * (1 - 1e-12)], minlength=len(held))
