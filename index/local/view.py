"""Everything that can be found at one moment: the segments and the tail.

A view never changes. A write puts a new one in its place, so a search sees all of a batch or nothing of it, and
never waits.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import faiss
import numpy as np

from index.filters import Condition
from index.local.ground import Ground, survey
from index.local.part import Found
from index.local.probes import Probe, exact_probe, merge
from index.local.segment import Segment
from index.local.store import Numbers, Rows
from index.local.tail import Tail

__all__ = ["View"]

_REMEMBERED = 64
"""Choices of languages and filters whose selectors a view keeps."""

_Choice = tuple[tuple[str, ...] | None, tuple[Condition, ...]]


@dataclass(frozen=True, slots=True)
class View:
    """Segments, oldest first, and what came after them."""

    segments: tuple[Segment, ...]
    tail: Tail
    _probes: dict[_Choice, list[Probe]] = field(default_factory=dict, compare=False)
    _counts: dict[str, int] = field(default_factory=dict, compare=False)
    _grounds: dict[_Choice, Ground] = field(default_factory=dict, compare=False)

    @property
    def is_coarse(self) -> bool:
        """Whether some scores are those of codes coarser than the vectors stored."""
        return any(segment.facts.storage != "float32" for segment in self.segments)

    def counts(self) -> dict[str, int]:
        """Language → passages alive, languages without any left out."""
        if not self._counts:  # every search asks, and a view never changes
            found: Counter[str] = Counter()
            for parts in (*(segment.parts for segment in self.segments), self.tail.parts):
                found.update({code: len(part) for code, part in parts.items()})
            self._counts.update({code: count for code, count in sorted(found.items()) if count})
        return dict(self._counts)

    def changed(self, rows: Rows | None, dropped: Numbers) -> Self:
        """The view after a write: with rows added, numbered higher than any before, and numbers dropped."""
        segments, tail = self.segments, self.tail
        if dropped:
            segments, tail = tuple(segment.without(dropped) for segment in segments), tail.without(dropped)
        tail = tail.with_rows(rows) if rows else tail
        return replace(self, segments=segments, tail=tail, _probes={}, _counts={}, _grounds={})

    def nearest(
        self,
        vectors: np.ndarray,
        k: int,
        languages: tuple[str, ...] | None,
        where: tuple[Condition, ...],
        fitting: Callable[[tuple[Condition, ...]], Numbers],
        times: int = 1,
    ) -> Found:
        """The k nearest passages of some languages that fit a filter, for each of vectors, (n, dim) float32.

        languages: None means all. fitting: looks up the numbers that fit a filter; asked only when this view has
        not met it. times: as `Probe.nearest` has it. Which come back is sure, their order is not.
        """
        choice = (languages, where)
        probes = self._probes.get(choice)
        if probes is None:
            codes = list(self.counts()) if languages is None else languages
            probes = self._choose(codes, fitting(where) if where else None)
            if len(self._probes) >= _REMEMBERED:
                self._probes.clear()
            self._probes[choice] = probes
        # One query is too little work to share between cores; OpenMP counts threads per thread.
        faiss.omp_set_num_threads(1)
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        if len(probes) == 1:  # nothing to merge
            return probes[0].nearest(vectors, k, times)
        return merge([probe.nearest(vectors, k, times) for probe in probes], len(vectors), k * times)

    def languages_of(self, numbers: Sequence[int]) -> list[str]:
        """The language of each of numbers, all of which this view has found."""
        known = [*(segment.languages for segment in self.segments), self.tail.languages]
        if len(known) == 2 and known[1].last < 0:
            return known[0].languages(numbers)
        # Runs of numbers do not overlap: the one that begins last before a number holds it.
        known = sorted((one for one in known if one.last >= 0), key=lambda one: one.first)
        starts = [one.first for one in known]
        return [known[bisect_right(starts, number) - 1].languages((number,))[0] for number in numbers]

    def sample(self, language: str, most: int) -> np.ndarray:
        """Vectors of a language, (n, dim) float32, at most so many, evenly spread over those that are alive."""
        held = [segment.parts[language] for segment in self.segments if language in segment.parts]
        held += [self.tail.parts[language]] if language in self.tail.parts else []
        rows = [np.arange(len(p.numbers)) if p.alive is None else np.flatnonzero(p.alive) for p in held]
        step = max(1, -(-sum(map(len, rows)) // most))
        blocks = [p.exact.reconstruct_batch(r[::step]) for p, r in zip(held, rows, strict=True) if len(r)]
        return np.concatenate([np.empty((0, self.tail.dimension), dtype=np.float32), *blocks])[:most]

    def ground(
        self,
        languages: Sequence[str],
        where: tuple[Condition, ...],
        fitting: Callable[[tuple[Condition, ...]], Numbers],
    ) -> Ground:
        """Where to look, language by language, for a rule that merges; fitting: as for `nearest`."""
        choice = (tuple(languages), where)
        ground = self._grounds.get(choice)
        if ground is None:
            counts = self.counts()
            sizes = {code: counts.get(code, 0) for code in languages}
            ground = survey(self.segments, self.tail, sizes, fitting(where) if where else None)
            if len(self._grounds) >= _REMEMBERED:
                self._grounds.clear()
            self._grounds[choice] = ground
        faiss.omp_set_num_threads(1)
        return ground

    def _choose(self, languages: Sequence[str], among: Numbers | None) -> list[Probe]:
        probes = [probe for segment in self.segments for probe in segment.probes(languages, among)]
        for code in languages:
            part = self.tail.parts.get(code)
            if part is not None and len(part) and (among is None or code in among):
                probes.append(exact_probe(part, part.allowed(None if among is None else among[code])))
        return probes
