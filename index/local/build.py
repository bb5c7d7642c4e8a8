"""A segment from SQLite: vectors in order of language, coded, linked into a graph, measured, on disk."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from index.local.manifest import FileFacts, SegmentFacts, Storage, sync_folder
from index.local.part import view_of
from index.local.recall import tune
from index.local.segment import GRAPH, NUMBERS, STORAGE, Segment, empty_storage
from index.local.store import PassageStore

__all__ = ["LINKS", "Shape", "build_segment"]

LINKS: dict[Storage, int] = {"float32": 32, "float16": 32, "int8": 16}
"""Links of a node in the upper layers of the graph, twice as many in the lowest: `M`. 32 is faster at the same
recall and takes 272 bytes a passage, 16 takes 144: with int8, the rest of a passage is little more."""

CONSTRUCTION_EFFORT = 80
"""`efConstruction`: what inserting looks at."""

EXACT_NUMBERS = 4_000_000
"""Numbers in vectors (passages times dimension) that one core reads through in one to two milliseconds: a search that
takes longer than the way to it is worth a graph."""

_LINK_AT_ONCE = 1_000_000
"""Rows put into a graph together; they stand in memory as float32 meanwhile."""

_TRAINING_VECTORS = 50_000
"""Enough to know the range of every dimension for int8."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How segments are made.

    storage: how vectors are kept. recall: what the graph must keep of the exact ten nearest, 0 to 1. exact_below:
    with fewer passages there is no graph; None means as many as hold `EXACT_NUMBERS`. threads: cores for building;
    None means all.
    """

    storage: Storage = "float32"
    recall: float = 0.99
    exact_below: int | None = None
    threads: int | None = None

    def exact_rows(self, dimension: int) -> int:
        """How many vectors of this length are searched exactly.

        >>> Shape().exact_rows(384), Shape().exact_rows(1024), Shape(exact_below=200).exact_rows(1024)
        (10416, 3906, 200)
        """
        return self.exact_below or EXACT_NUMBERS // dimension

    def wants_graph(self, rows: int, dimension: int) -> bool:
        """Whether so many vectors are linked into a graph; who wants all of the nearest has none."""
        return rows >= self.exact_rows(dimension) and self.recall < 1


def build_segment(
    store: PassageStore, folder: Path, first: int, last: int, dimension: int, shape: Shape
) -> SegmentFacts | None:
    """Make the segment of the passages numbered from first to last, on disk below folder; None when there are none.

    Passages deleted meanwhile stand in it as zeros; the caller marks them dead. Raises OSError when the disk is
    full: nothing is left behind then.
    """
    started = time.perf_counter()
    numbers = store.numbers(first, last)
    if not numbers:
        return None
    name = f"segment-{first}-{last}-{secrets.token_hex(4)}"
    place = folder / name
    place.mkdir(parents=True)
    try:
        faiss.omp_set_num_threads(shape.threads or len(os.sched_getaffinity(0)))
        ordered = np.concatenate(list(numbers.values()))
        storage = _storage(store, ordered, dimension, shape.storage)
        graph = _link(storage, shape.storage) if shape.wants_graph(len(ordered), dimension) else None
        np.save(place / NUMBERS, ordered)
        _write(place, storage, graph)
        facts = SegmentFacts(
            name=name,
            first=first,
            last=last,
            dimension=dimension,
            storage=shape.storage,
            languages={code: len(rows) for code, rows in numbers.items()},
            files={path.name: FileFacts.of(path) for path in sorted(place.iterdir())},
        )
        del storage, graph  # what is mapped below need not stand in memory twice
        effort, recall = tune(Segment.load(folder, facts), shape.recall) if GRAPH in facts.files else ({}, {})
        seconds = round(time.perf_counter() - started, 3)
        return facts.model_copy(update={"effort": effort, "recall": recall, "build_seconds": seconds})
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise


def _storage(store: PassageStore, ordered: np.ndarray, dimension: int, kind: Storage) -> Any:
    """All vectors, coded, in order: each block of SQLite's order is scattered to where it belongs."""
    storage = empty_storage(kind, dimension)
    order = np.argsort(ordered)
    ascending = ordered[order]
    codes = np.zeros((len(ordered), storage.code_size), dtype=np.uint8)
    for rows in store.rows(int(ascending[0]), int(ascending[-1]), dimension):
        if not storage.is_trained:
            storage.train(_sample(store, ascending, dimension))
        at = np.searchsorted(ascending, rows.numbers)
        known = (at < len(ascending)) & (ascending[np.minimum(at, len(ascending) - 1)] == rows.numbers)
        codes[order[at[known]]] = storage.sa_encode(np.ascontiguousarray(rows.vectors[known]))
    return view_of(storage, codes)


def _sample(store: PassageStore, ascending: np.ndarray, dimension: int) -> np.ndarray:
    drawn = ascending[:: max(1, len(ascending) // _TRAINING_VECTORS)]
    return store.vectors_of(drawn.tolist(), dimension)[1]


def _link(storage: Any, kind: Storage) -> Any:
    """A graph over the storage's rows."""
    if kind == "float32":
        graph = faiss.IndexHNSWFlat(storage.d, LINKS[kind], faiss.METRIC_INNER_PRODUCT)
    else:
        graph = faiss.IndexHNSWSQ(storage.d, storage.sq.qtype, LINKS[kind], faiss.METRIC_INNER_PRODUCT)
        faiss.downcast_index(graph.storage).sq.trained = storage.sq.trained
        graph.is_trained = graph.storage.is_trained = True
    graph.hnsw.efConstruction = CONSTRUCTION_EFFORT
    for start in range(0, storage.ntotal, _LINK_AT_ONCE):
        graph.add(storage.reconstruct_n(start, min(_LINK_AT_ONCE, storage.ntotal - start)))
    return graph


def _write(place: Path, storage: Any, graph: Any) -> None:
    faiss.write_index(storage, str(place / STORAGE))
    if graph is not None:
        faiss.write_index(graph, str(place / GRAPH), faiss.IO_FLAG_SKIP_STORAGE)
    for path in place.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    sync_folder(place)
    sync_folder(place.parent)
