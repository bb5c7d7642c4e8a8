"""A sealed run of passages' vectors in files of its own, mapped into memory.

    numbers.npy    (n,) int64: the passages' numbers, by language, then ascending
    storage.faiss  the vectors in that order, as float32, float16 or int8 codes
    graph.faiss    HNSW links over the same rows (Malkov & Yashunin 2018), without vectors of its own; absent where
                   exact search is as fast

One graph serves all languages together and the large ones; a narrow choice is searched exactly in its own slice of
the storage. Nothing is copied at start: the million of `benchmarks/index.py` opens in the time of its checksums.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np

from index.local.effort import EVERYTHING, effort_at, efforts_by_share
from index.local.manifest import SegmentFacts
from index.local.number_languages import NumberLanguages
from index.local.part import Part, view_of
from index.local.probes import Probe, exact_probe, graph_probe, picked_probe
from index.local.store import Numbers

__all__ = ["GRAPH", "NUMBERS", "ROWS_PER_EFFORT", "STORAGE", "Segment", "empty_storage", "slices"]

NUMBERS, STORAGE, GRAPH = "numbers.npy", "storage.faiss", "graph.faiss"

ROWS_PER_EFFORT = 40
"""Rows an exact scan reads in the time a graph spends on one unit of `efSearch`, with float32 vectors of 384
dimensions: measured by `benchmarks/index.py`."""

_FEW = 0.05
"""Share of a segment's rows up to which those that fit a filter on metadata are picked out one by one."""

_TYPES = {"float16": faiss.ScalarQuantizer.QT_fp16, "int8": faiss.ScalarQuantizer.QT_8bit}


def empty_storage(kind: str, dimension: int) -> Any:
    """An exact inner-product index without vectors; int8 must be trained on some first."""
    if kind == "float32":
        return faiss.IndexFlatIP(dimension)
    return faiss.IndexScalarQuantizer(dimension, _TYPES[kind], faiss.METRIC_INNER_PRODUCT)


def slices(languages: dict[str, int]) -> Iterator[tuple[str, slice]]:
    """Yield each language's rows."""
    start = 0
    for code, rows in languages.items():
        yield code, slice(start, start + rows)
        start += rows


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment, open; never changes, a deletion makes a new one over the same files.

    numbers: (n,) int64. graph: None where there is none. devices: languages whose vectors stand on a GPU too.
    """

    facts: SegmentFacts
    numbers: np.ndarray
    storage: Any
    graph: Any
    parts: dict[str, Part]
    devices: dict[str, Any] = field(default_factory=dict)
    _languages: list[NumberLanguages] = field(default_factory=list, compare=False)

    @property
    def languages(self) -> NumberLanguages:
        """The languages of its numbers; looked through once, also for what deletions make of it."""
        if not self._languages:
            self._languages.append(NumberLanguages.of(self.parts))
        return self._languages[0]

    @classmethod
    def load(cls, folder: Path, facts: SegmentFacts) -> Self:
        """Map a segment's files; folder is the collection's folder of vectors."""
        place = folder / facts.name
        numbers = np.load(place / NUMBERS, mmap_mode="r")
        storage = faiss.read_index(str(place / STORAGE), faiss.IO_FLAG_MMAP_IFC)
        graph = None
        if GRAPH in facts.files:
            graph = faiss.read_index(str(place / GRAPH), faiss.IO_FLAG_MMAP_IFC)
            graph.storage, graph.own_fields, graph.referenced_objects = storage, False, [storage]
        size = storage.ntotal * storage.code_size
        codes = faiss.rev_swig_ptr(storage.codes.data(), size).reshape(-1, storage.code_size)
        parts = {
            code: Part(np.asarray(numbers[rows]), _slice(facts, storage, codes[rows]))
            for code, rows in slices(facts.languages)
        }
        return cls(facts, np.asarray(numbers), storage, graph, parts)

    @property
    def dead(self) -> int:
        """Rows that are no more."""
        return sum(part.dead for part in self.parts.values())

    def dead_numbers(self) -> list[int]:
        """Numbers of the rows that are no more."""
        dead = [part.numbers[~part.alive] for part in self.parts.values() if part.alive is not None]
        return [int(number) for numbers in dead for number in numbers]

    def vectors(self, rows: np.ndarray) -> np.ndarray:
        """The vectors of some rows, (n, dim) float32, decoded where they are coded."""
        if self.facts.storage != "float32":
            return np.asarray(self.storage.reconstruct_batch(rows))
        size = self.storage.ntotal * self.facts.dimension
        held = faiss.rev_swig_ptr(faiss.downcast_index(self.storage).get_xb(), size)
        return np.asarray(held.reshape(-1, self.facts.dimension)[rows])

    def without(self, dropped: Numbers) -> Self:
        """The segment with these numbers dead; numbers that are not here are passed over."""
        parts = {code: part.without(dropped[code]) if code in dropped else part for code, part in self.parts.items()}
        return replace(self, parts=parts)

    def probes(self, languages: Sequence[str], among: Numbers | None) -> list[Probe]:
        """How to look through some languages, among given numbers unless None."""
        chosen = [code for code in languages if code in self.parts and (among is None or code in among)]
        if among is not None:
            rows = self.rows_of({code: self.parts[code].living_rows(among[code]) for code in chosen})
            if len(rows) <= _FEW * self.facts.rows:
                return [picked_probe(self.storage, self.numbers, rows)] if len(rows) else []
        masks = {code: self.parts[code].allowed(None if among is None else among[code]) for code in chosen}
        sizes = {c: len(self.parts[c].numbers) if m is None else int(np.count_nonzero(m)) for c, m in masks.items()}
        chosen = [code for code in chosen if sizes[code]]
        there = [code for code in chosen if code in self.devices]
        probes = [self.devices[code].probe(self.parts[code], masks[code]) for code in there]
        here = {code: masks[code] for code in chosen if code not in self.devices}
        effort = self.effort_for(list(here), sum(sizes[code] for code in here), among is not None)
        is_whole = len(here) == len(self.parts) and all(mask is None for mask in here.values())
        if effort is None and is_whole:
            # Fifty languages would take fifty calls, each of which costs as much as reading a few hundred vectors.
            return [*probes, exact_probe(Part(self.numbers, self.storage), None)]
        if effort is None:
            return probes + [exact_probe(self.parts[code], mask) for code, mask in here.items()]
        mask = None if is_whole else self.joined(here)
        return [*probes, graph_probe(self.graph, self.numbers, mask, effort)]

    def effort_for(self, chosen: Sequence[str], allowed: int, is_filtered: bool) -> int | None:
        """`efSearch` for some languages of which so many rows are allowed; None for an exact search."""
        measured = self.facts.effort
        if self.graph is None or not allowed or EVERYTHING not in measured:
            return None
        if len(chosen) > 1 and len(chosen) < len(self.parts):
            effort = effort_at(allowed / self.facts.rows, efforts_by_share(measured, self.facts.languages))
        else:
            code = chosen[0] if len(chosen) == 1 else EVERYTHING
            if code not in measured:
                return None  # its exact scan was found to be no slower
            rows = self.facts.languages.get(code, self.facts.rows)
            effort = -(-measured[code] * rows // allowed)
        # What fits a filter on metadata may stand anywhere in the graph, and no recall was measured for it.
        effort *= 2 if is_filtered else 1
        return effort if allowed > ROWS_PER_EFFORT * effort else None

    def rows_of(self, rows_of: Mapping[str, np.ndarray]) -> np.ndarray:
        """Rows of the segment from rows of its parts, ascending."""
        there = [rows_of[code] + rows.start for code, rows in slices(self.facts.languages) if code in rows_of]
        return np.concatenate(there) if there else np.empty(0, dtype=np.int64)

    def joined(self, masks: Mapping[str, np.ndarray | None]) -> np.ndarray:
        """Which rows of the whole may be found, (n,) bool, from masks of languages; None allows all of one."""
        joined = np.zeros(len(self.numbers), dtype=bool)
        for code, rows in slices(self.facts.languages):
            if code in masks:
                mask = masks[code]
                joined[rows] = True if mask is None else mask
        return joined


def _slice(facts: SegmentFacts, storage: Any, codes: np.ndarray) -> Any:
    part = empty_storage(facts.storage, facts.dimension)
    if facts.storage != "float32":
        part.sq.trained, part.is_trained = storage.sq.trained, True
    return view_of(part, codes, storage)
