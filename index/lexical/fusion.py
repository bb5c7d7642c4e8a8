"""One order from two scores: cosines of the vectors and BM25 of the words.

Reciprocal rank fusion (Cormack, Clarke and Büttcher 2009) adds 1 / (60 + rank) of both orders and looks at no score.
A convex combination (Bruch, Gai and Ingber 2023, "An analysis of fusion functions for hybrid retrieval") adds the
scores, each brought to a common scale first. `benchmarks/hybrid.py` compares them; docs/hybrid.md has the table.
"""

from __future__ import annotations

import numpy as np

__all__ = ["DEPTH", "WORDS_SHARE", "convex", "places", "reciprocal"]

DEPTH = 100
"""Passages of each order that are looked at, and the place whose cosine counts as 0."""

WORDS_SHARE = 0.5
"""What the words count of the whole, 0 to 1."""

_RANK_CONSTANT = 60
"""Cormack et al.'s choice; it was never tuned here."""


def places(scores: np.ndarray) -> np.ndarray:
    """Places from 1, best first, equal scores by position: the shape of scores, along the last axis."""
    order = np.argsort(-scores, axis=-1, kind="stable")
    found = np.empty(scores.shape, dtype=np.int64)
    np.put_along_axis(found, order, np.broadcast_to(np.arange(1, scores.shape[-1] + 1), scores.shape), axis=-1)
    return found


def reciprocal(cosines: np.ndarray, words: np.ndarray, weight: float = 1.0) -> np.ndarray:
    """Reciprocal rank fusion, along the last axis; more is better.

    cosines, words: (…, n), BM25 being 0 where no word matches, which adds nothing. weight: of the words.
    """
    by_words = weight / (_RANK_CONSTANT + places(words))
    return np.asarray(1 / (_RANK_CONSTANT + places(cosines)) + np.where(words > 0, by_words, 0.0))


def convex(cosines: np.ndarray, words: np.ndarray, share: float = WORDS_SHARE, depth: int = DEPTH) -> np.ndarray:
    """(1 - share) · (cosine - floor) / (best - floor) + share · BM25 / best, along the last axis; more is better.

    cosines, words: (…, n), BM25 being 0 where no word matches. floor: the cosine at place `depth`, the least one where
    there are fewer. Without any word the order is that of the cosines.
    """
    n = cosines.shape[-1]
    best = cosines.max(axis=-1, keepdims=True)
    floor = -np.partition(-cosines, min(depth, n) - 1, axis=-1)[..., min(depth, n) - 1][..., None]
    near = (cosines - floor) / np.maximum(best - floor, 1e-9)
    told = words / np.maximum(words.max(axis=-1, keepdims=True), 1e-9)
    return np.asarray((1 - share) * near + share * told)
