"""Which languages could still change the answer: the threshold of Fagin, Lotem and Naor (PODS 2001), by language."""

from __future__ import annotations

import numpy as np

from index.merging.merge import Candidates, Merge

__all__ = ["undecided"]


def undecided(merge: Merge, candidates: Candidates, bounds: np.ndarray, k: int) -> np.ndarray:
    """Languages of which a passage that is not among the candidates could be among the first k: (L,) bool.

    bounds: (L,), the most that such a passage of each language scores; minus infinity where there is none. A language
    that could only keep another one out may be told in the next round.
    """
    open_to = bounds > -np.inf
    if not merge.gives_places:
        if len(candidates) < k:
            return open_to
        least = np.partition(candidates.scores, len(candidates) - k)[len(candidates) - k]
        return np.asarray(bounds > least)
    places = np.flatnonzero(open_to)
    supposed = Candidates(
        np.concatenate([candidates.languages, places]),
        np.concatenate([candidates.scores, bounds[places]]),
        np.concatenate(
            [candidates.keys, np.full(len(places), np.iinfo(np.int64).max) - len(places) + places.argsort()]
        ),
        candidates.sizes,
    )
    first = merge.arrange(supposed, k)[:k] - len(candidates)
    could = np.zeros(len(bounds), dtype=bool)
    could[places[first[first >= 0]]] = True
    return could
