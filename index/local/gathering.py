"""Candidates for a merge rule: one walk for all languages, and a look into those that could still change the list.

Exact where search is exact. On a graph the candidates are what the walk kept on its way, as many as `efSearch`;
a language is looked into alone when a passage that was not met could be among the first k by the bound below.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from index.local.ground import Ground, Met
from index.local.probes import Probe
from index.merging.deciding import undecided
from index.merging.lens import Lens
from index.merging.merge import Candidates, Merge, at_most
from index.merging.statistics import Statistics
from index.products import inner

__all__ = ["Gathered", "gather"]

_LOOKS = 0.25
"""Share of a walk's time that looking into languages alone may take because one may have something better: small
languages first. Where a rule must have a passage of a language and none was met, it is looked for at any cost."""

_LOWEST = -1e9

_DEVIATIONS = 1.0
"""How many standard deviations a passage that was not met may stand above what is expected of it."""


@dataclass(slots=True)
class Gathered:
    """What was found for one query. bounds: (L,), most that a passage not found can score; -inf where there is none."""

    lens: Lens
    bounds: np.ndarray
    numbers: list[np.ndarray] = field(default_factory=list)
    languages: list[np.ndarray] = field(default_factory=list)
    products: list[np.ndarray] = field(default_factory=list)

    def add(self, numbers: np.ndarray, languages: np.ndarray, products: np.ndarray) -> None:
        """Take in passages: numbers (m,), places of languages (m,), products with what the lens asks (m,)."""
        self.numbers.append(numbers)
        self.languages.append(languages)
        self.products.append(products)

    def candidates(self, sizes: dict[str, int]) -> Candidates:
        """Each passage once, with its score."""
        if len(self.numbers) != 1:
            numbers, first = np.unique(np.concatenate([_NOTHING, *self.numbers]), return_index=True)
            languages = np.concatenate([_NOTHING, *self.languages])[first]
            products = np.concatenate([np.empty(0), *self.products])[first]
            self.numbers, self.languages, self.products = [numbers], [languages], [products]
        languages = self.languages[0]
        return Candidates(languages, self.lens.scores(self.products[0], languages), self.numbers[0], sizes)


_NOTHING = np.empty(0, dtype=np.int64)


def gather(ground: Ground, lenses: Sequence[Lens], merge: Merge, statistics: Statistics, k: int) -> list[Candidates]:
    """Candidates for each query, among which the rule's first k are."""
    sizes = ground.sizes
    wanted = at_most(sizes, k) if ground.is_filtered else merge.wanted(sizes, k)
    gathered = [Gathered(lens, np.full(len(sizes), -np.inf)) for lens in lenses]
    for place, probe in ground.exact:
        _look(gathered, place, probe, int(wanted[place]))
    _walk(ground, gathered, [lens.walk for lens in lenses], statistics, k)
    for query in gathered if ground.walks else ():
        _settle(ground, query, merge, statistics, wanted, k)
    return [query.candidates(sizes) for query in gathered]


def _look(gathered: Sequence[Gathered], place: int, probe: Probe, depth: int) -> None:
    """Take in the best of one language for several queries."""
    if not depth:
        return
    asked = np.stack([query.lens.query_of(place) for query in gathered])
    for query, products, numbers in zip(gathered, *probe.nearest(asked, depth), strict=True):
        there = numbers >= 0
        found = numbers if there.all() else numbers[there]
        query.add(found, np.full(len(found), place), np.asarray(products[there], dtype=np.float64))


def _walk(
    ground: Ground, gathered: Sequence[Gathered], vectors: Sequence[np.ndarray], statistics: Statistics, k: int
) -> None:
    """Take in what walks with vectors, one for each query, meet, and bound what they do not meet."""
    is_plain = all(vector is query.lens.queries for query, vector in zip(gathered, vectors, strict=True))
    for walk in ground.walks:
        met = walk.meet(np.stack(vectors), k, with_vectors=not is_plain)
        for query, vector, found in zip(gathered, vectors, met, strict=True):
            if found.vectors is None:
                products = found.scores.astype(np.float64)
            else:
                products = query.lens.products(found.vectors, found.places)
            query.add(found.numbers, found.places, products)
            if len(found.numbers) == len(walk.segment.numbers):
                continue  # nothing was left out
            bounds = _bounds(query.lens, vector, found, products, statistics)
            np.maximum(query.bounds, bounds, out=query.bounds, where=walk.here)


def _bounds(lens: Lens, vector: np.ndarray, met: Met, products: np.ndarray, statistics: Statistics) -> np.ndarray:
    """About the most that a passage not met scores, in each language: (L,) float64."""
    if not len(met.scores):
        return np.full(len(lens.languages), np.inf)
    least = float(met.scores[-1])  # with the walking vector, what was not met scores this at most
    if met.vectors is not None:
        # With what the lens asks it scores as much more as a passage of its language does on average, and as those met
        # did beyond that.
        moved, means = lens.queries - vector, statistics.means32
        expected = inner(means, moved) if moved.ndim == 1 else np.einsum("ld,ld->l", moved, means)
        beyond = products - met.scores - expected[met.places]
        mean = float(beyond.sum()) / len(beyond)
        deviation = max(0.0, float(beyond.dot(beyond)) / len(beyond) - mean**2) ** 0.5
        scores = least + expected + (mean + _DEVIATIONS * deviation)
        return np.asarray(lens.factors * scores - lens.offsets)
    return np.asarray(lens.factors * least - lens.offsets)


def _settle(
    ground: Ground,
    query: Gathered,
    merge: Merge,
    statistics: Statistics,
    wanted: np.ndarray,
    k: int,
) -> None:
    """Look further as long as it could change the first k."""
    sizes = ground.sizes
    could = undecided(merge, query.candidates(sizes), query.bounds, k)
    if merge.gives_places and could.any():
        even = statistics.steered(query.lens.query, -inner(statistics.ahead32, query.lens.query))
        before = query.bounds.copy()
        query.bounds[:] = -np.inf
        _walk(ground, [query], [even], statistics, k)
        query.bounds[:] = np.minimum(query.bounds, before)
        could = undecided(merge, query.candidates(sizes), query.bounds, k)
    left = _LOOKS * sum(walk.rows_per_walk for walk in ground.walks)
    while could.any():
        must = _missing(merge, query.candidates(sizes), query.bounds, k)
        small = np.zeros(len(sizes), dtype=bool)
        for place in sorted(np.flatnonzero(could | must).tolist(), key=lambda place: ground.rows[place]):
            left -= ground.rows[place]
            if left >= 0:
                small[place] = True
            elif must[place]:
                for walk in ground.walks:
                    for probe in walk.alone.get(place, ()):
                        _look([query], place, probe, max(1, int(wanted[place])))
        if small.any():
            for walk in ground.walks:
                query.add(*walk.read(query.lens, small))
        query.bounds[could | must] = -np.inf
        # When the time is used up, only what must be found is looked for.
        still = undecided if left >= 0 else _missing
        could = still(merge, query.candidates(sizes), query.bounds, k)


def _missing(merge: Merge, candidates: Candidates, bounds: np.ndarray, k: int) -> np.ndarray:
    """Languages of which a passage must be among the first k whatever it scores: (L,) bool."""
    if not merge.gives_places:
        return np.zeros(len(bounds), dtype=bool)
    return undecided(merge, candidates, np.where(bounds > -np.inf, _LOWEST, -np.inf), k)
