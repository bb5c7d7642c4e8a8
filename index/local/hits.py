"""From numbers found to hits."""

from __future__ import annotations

import numpy as np

from index.answer import Hit
from index.local.probes import merge
from index.passages import Passage
from index.question import Scope

__all__ = ["hits_of", "once", "reranked"]


def once(numbers: np.ndarray) -> list[int]:
    """Each number once; one query's are different already."""
    return (numbers[0] if len(numbers) == 1 else np.unique(numbers)).tolist()  # type: ignore[no-any-return]


def reranked(
    vectors: np.ndarray, numbers: np.ndarray, known: np.ndarray, stored: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """The k best candidates of each query by their stored vectors, (n, dim); known: those still there, ascending."""
    if not len(known):
        return np.empty((len(numbers), 0), dtype=np.float32), np.empty((len(numbers), 0), dtype=np.int64)
    at = np.searchsorted(known, numbers).clip(max=len(known) - 1)
    scores = np.stack([stored[rows] @ vector for rows, vector in zip(at, vectors, strict=True)])
    return merge([(np.where(known[at] == numbers, scores, -np.inf), numbers)], len(vectors), k)


def hits_of(scores: list[float], numbers: list[int], passages: dict[int, Passage], scope: Scope) -> list[Hit]:
    """The k best that are still there, equal ones by number, checked once more against the languages asked for.

    Scores are rounded first: the last bits of one vector's score hang on which rows stand beside it.
    """
    told = [(-round(score, 6), number) for score, number in zip(scores, numbers, strict=True) if number in passages]
    hits = [Hit(passages[number], -score) for score, number in sorted(told)]
    if scope.languages is not None:
        hits = [hit for hit in hits if hit.passage.language in scope.languages]
    return hits[: scope.k]
