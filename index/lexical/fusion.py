"""One order from two scores: cosines of the vectors and BM25 of the words.

A convex combination, as Bruch, Gai and Ingber ("An analysis of fusion functions for hybrid retrieval", 2023) found to
beat reciprocal ranks. What is ours is the scale of the words: BM25 is divided by what the query could reach, not by
the best that was found. So a passage that shares one name of a long question counts little, one that shares nearly
all of it counts much, and in a language that has none of its words nothing changes. `benchmarks/hybrid.py` compares
this with other ways; docs/hybrid.md has the table.
"""

from __future__ import annotations

import numpy as np

__all__ = ["DEPTH", "WORDS_SHARE", "nearness", "weighed"]

DEPTH = 100
"""Passages of each order that are looked at, and the place whose cosine counts as 0."""

WORDS_SHARE = 0.75
"""What the words count of the whole, 0 to 1: on the demo set .7 is best, on XQuAD-R .8 (docs/experiments.md)."""


def nearness(cosines: np.ndarray, depth: int = DEPTH) -> np.ndarray:
    """Cosines on a scale on which the best is 1 and the one at place `depth` is 0, along the last axis.

    cosines: (…, n). Where there are fewer than `depth`, the least is 0. Encoders differ in how far apart their cosines
    lie; on this scale they do not.
    """
    place = min(depth, cosines.shape[-1]) - 1
    floor = -np.partition(-cosines, place, axis=-1)[..., place, None]
    return np.asarray((cosines - floor) / np.maximum(cosines.max(axis=-1, keepdims=True) - floor, 1e-9))


def weighed(
    cosines: np.ndarray, words: np.ndarray, attainable: float | np.ndarray, share: float = WORDS_SHARE
) -> np.ndarray:
    """(1 - share) · nearness + share · BM25 / attainable, along the last axis; more is better.

    cosines, words: (…, n), BM25 being 0 where no word matches. attainable: (…,), BM25 of a passage of mean length that
    holds every word of the query once (`matching.attainable`). Without any word the order is that of the cosines.
    """
    told = words / np.maximum(np.asarray(attainable, dtype=np.float64)[..., None], 1e-9)
    return np.asarray((1 - share) * nearness(cosines) + share * np.minimum(told, 1.0))
