"""What a choice of languages and a filter leaves to look through, language by language, for rules that merge.

Where search is exact, each language has a list of its own. What is linked into a graph is met on one walk through all
languages, and a language is looked into alone only when the walk may have missed something of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import faiss
import numpy as np

from index.local.part import bitmap
from index.local.probes import Probe, exact_probe, picked_probe
from index.local.segment import ROWS_PER_EFFORT, Segment, slices
from index.local.store import Numbers
from index.local.tail import Tail
from index.merging.lens import Lens

__all__ = ["Ground", "Met", "Walk", "survey"]

_NOTHING = np.empty(0, dtype=np.int64)

_DEPTH, _DEPTH_ASIDE = 4, 8
"""A walk keeps at least this many times k candidates, as `probes.py` has it; one with another vector than the query
twice as many, for those that score highest are not quite those it meets first."""

_FEW = 0.05
"""As in `segment.py`: up to this share of its rows is picked out one by one."""


@dataclass(frozen=True, slots=True)
class Met:
    """Rows met on a walk: numbers, places of their languages, scores with the walking vector, vectors; best first."""

    numbers: np.ndarray
    places: np.ndarray
    scores: np.ndarray
    vectors: np.ndarray | None


@dataclass(frozen=True, slots=True)
class Walk:
    """A segment's graph as a choice allows it.

    mask: (n,) bool, None when all rows may be met. starts, places: the first row of each language and its place in
    the choice, -1 for one that is not in it. here: (L,) bool, which languages of the choice it meets.
    alone: place → how to look into that language alone.
    """

    segment: Segment
    mask: np.ndarray | None
    effort: int
    starts: np.ndarray
    places: np.ndarray
    here: np.ndarray
    alone: dict[int, list[Probe]]
    _parameters: dict[int, Any] = field(default_factory=dict)

    def meet(self, vectors: np.ndarray, k: int, with_vectors: bool) -> list[Met]:
        """All that one walk for the k nearest to each of vectors, (n, dim) float32, has kept on its way."""
        effort = max(self.effort, (_DEPTH_ASIDE if with_vectors else _DEPTH) * k)
        if effort not in self._parameters:
            selector = None if self.mask is None else bitmap(self.mask)
            self._parameters[effort] = faiss.SearchParametersHNSW(efSearch=effort, sel=selector)
        depth = min(effort, len(self.segment.numbers))
        scores, rows = self.segment.graph.search(vectors, depth, params=self._parameters[effort])
        return [self._met(s, r, with_vectors) for s, r in zip(scores, rows, strict=True)]

    def _met(self, scores: np.ndarray, rows: np.ndarray, with_vectors: bool) -> Met:
        kept = rows >= 0
        if self.mask is not None:
            kept &= self.mask[rows]
        if not kept.all():
            scores, rows = scores[kept], rows[kept]
        places = self.places[np.searchsorted(self.starts, rows, side="right") - 1]
        vectors = self.segment.vectors(rows) if with_vectors and len(rows) else None
        return Met(self.segment.numbers[rows], places, scores, vectors)

    def read(self, lens: Lens, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All passages of some languages, (L,) bool: numbers, places and products with what the lens asks, (m,) each.

        One block for all of them: a search in each has the cost of a call for some dozen rows.
        """
        bounds = np.append(self.starts, len(self.segment.numbers)).tolist()
        parts = zip(bounds, bounds[1:], self.places.tolist(), strict=False)
        there = [(start, stop, place) for start, stop, place in parts if place >= 0 and chosen[place]]
        rows = np.concatenate([_NOTHING, *(np.arange(start, stop) for start, stop, _ in there)])
        places = np.concatenate([_NOTHING, *(np.full(stop - start, place) for start, stop, place in there)])
        if self.mask is not None:
            alive = self.mask[rows]
            rows, places = rows[alive], places[alive]
        return self.segment.numbers[rows], places, lens.products(self.segment.vectors(rows), places)

    @property
    def rows_per_walk(self) -> int:
        """Rows that an exact scan reads in the time of a walk."""
        return ROWS_PER_EFFORT * self.effort


@dataclass(frozen=True, slots=True)
class Ground:
    """Where to look for some languages under a filter.

    sizes: language → passages in the pool, filter or not. exact: (place of a language, how to search it exactly).
    rows: (L,) int64, rows that looking into each language alone in the walks' segments reads at most.
    is_filtered: whether a filter may leave fewer passages of a language than `sizes` says.
    """

    sizes: dict[str, int]
    exact: list[tuple[int, Probe]]
    walks: list[Walk]
    rows: np.ndarray
    is_filtered: bool


def survey(segments: Sequence[Segment], tail: Tail, sizes: dict[str, int], among: Numbers | None) -> Ground:
    """The ground that a choice of languages leaves.

    sizes: language → passages. among: the numbers that fit a filter; None without one.
    """
    languages = list(sizes)
    ground = Ground(sizes, [], [], np.zeros(len(languages), dtype=np.int64), among is not None)
    for segment in segments:
        _survey_segment(ground, segment, languages, among)
    for place, code in enumerate(languages):
        part = tail.parts.get(code)
        if part is not None and len(part) and (among is None or code in among):
            mask = part.allowed(None if among is None else among[code])
            ground.exact.append((place, exact_probe(part, mask)))
    return ground


def _survey_segment(ground: Ground, segment: Segment, languages: Sequence[str], among: Numbers | None) -> None:
    masks: dict[str, np.ndarray | None] = {}
    sizes: dict[str, int] = {}
    for code in languages:
        if code in segment.parts and (among is None or code in among):
            mask = segment.parts[code].allowed(None if among is None else among[code])
            size = len(segment.parts[code].numbers) if mask is None else int(np.count_nonzero(mask))
            if size:
                masks[code], sizes[code] = mask, size
    place_of = {code: place for place, code in enumerate(languages)}
    is_few = among is not None and sum(sizes.values()) <= _FEW * segment.facts.rows
    here = [code for code in masks if code not in segment.devices]
    effort = None if is_few else segment.effort_for(here, sum(sizes[c] for c in here), among is not None)
    for code, mask in masks.items():
        if code in segment.devices and not is_few:
            ground.exact.append((place_of[code], segment.devices[code].probe(segment.parts[code], mask)))
        elif is_few and mask is not None:
            rows = segment.rows_of({code: np.flatnonzero(mask)})
            ground.exact.append((place_of[code], picked_probe(segment.storage, segment.numbers, rows)))
        elif effort is None:
            ground.exact.append((place_of[code], exact_probe(segment.parts[code], mask)))
    if effort is not None:
        is_whole = len(here) == len(segment.parts) and all(masks[code] is None for code in here)
        mask = None if is_whole else segment.joined({code: masks[code] for code in here})
        parts = list(slices(segment.facts.languages))
        starts = np.array([part.start for _, part in parts], dtype=np.int64)
        places = np.array([place_of[c] if c in here else -1 for c, _ in parts], dtype=np.int64)
        alone = {place_of[code]: segment.probes([code], among) for code in here}
        lengths = np.array([segment.facts.languages[c] if c in here else 0 for c in languages], dtype=np.int64)
        np.add(ground.rows, lengths, out=ground.rows)
        ground.walks.append(Walk(segment, mask, effort, starts, places, lengths > 0, alone))
