"""Searching a folder by a merge rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from index.answer import Hit
from index.filters import Condition
from index.local.gathering import gather
from index.local.store import Numbers, PassageStore
from index.local.view import View
from index.merging.lens import Lens
from index.merging.merge import Candidates, Merge
from index.merging.statistics import Statistics
from index.question import Scope

__all__ = ["merged"]

_RERANKED = 4
"""Candidates for each hit asked for that are scored anew from the stored vectors, where codes are coarser."""


def merged(
    view: View,
    store: PassageStore,
    lenses: Sequence[Lens],
    merge: Merge,
    statistics: Statistics,
    scope: Scope,
    fitting: Callable[[tuple[Condition, ...]], Numbers],
) -> list[list[Hit]]:
    """For each query the first k hits by the rule; every hit obeys the scope.

    statistics: of the languages searched. fitting: looks up the numbers that fit a filter.
    """
    if not statistics.languages:
        return [[] for _ in lenses]
    is_coarse = view.is_coarse
    k = scope.k * _RERANKED if is_coarse else scope.k
    ground = view.ground(statistics.languages, scope.where, fitting)
    found = gather(ground, lenses, merge, statistics, k)
    answers = []
    for lens, candidates in zip(lenses, found, strict=True):
        first = merge.arrange(candidates, k)[:k]
        if is_coarse:
            candidates = _scored_anew(lens, _taken(candidates, first), store)
            first = merge.arrange(candidates, scope.k)[: scope.k]
        answers.append(_hits(lens, _taken(candidates, first), store))
    return answers


def _taken(candidates: Candidates, rows: np.ndarray) -> Candidates:
    return Candidates(candidates.languages[rows], candidates.scores[rows], candidates.keys[rows], candidates.sizes)


def _scored_anew(lens: Lens, candidates: Candidates, store: PassageStore) -> Candidates:
    """From the vectors in the database, without those that are no more."""
    exact = _vectors(store, candidates.keys.tolist(), len(lens.query))
    kept = np.flatnonzero([key in exact for key in candidates.keys.tolist()])
    candidates = _taken(candidates, kept)
    if not len(kept):
        return candidates
    vectors = np.stack([exact[key] for key in candidates.keys.tolist()])
    scores = lens.scores(lens.products(vectors, candidates.languages), candidates.languages)
    return Candidates(candidates.languages, scores, candidates.keys, candidates.sizes)


def _vectors(store: PassageStore, numbers: list[int], dimension: int) -> dict[int, np.ndarray]:
    known, vectors = store.vectors_of(numbers, dimension)
    return dict(zip(known.tolist(), vectors, strict=True))


def _hits(lens: Lens, first: Candidates, store: PassageStore) -> list[Hit]:
    """Hits in their order, with cosines, of those that are still there and in their language."""
    numbers, codes = first.keys.tolist(), list(first.sizes)
    passages = store.get(numbers)
    if lens.asks_as_given:
        cosines = (first.scores + lens.offsets[first.languages]) / lens.factors[first.languages]
    else:
        exact = _vectors(store, numbers, len(lens.query))
        cosines = np.array([float(exact[number] @ lens.query) if number in exact else 0.0 for number in numbers])
    found = zip(numbers, first.languages.tolist(), cosines.tolist(), strict=True)
    return [
        Hit(passages[number], round(cosine, 6))
        for number, place, cosine in found
        if number in passages and passages[number].language == codes[place]
    ]
