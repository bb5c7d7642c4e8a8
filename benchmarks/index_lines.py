"""Bare FAISS, four ways, as the index benchmark's measure of what is possible.

What a filter allows is known beforehand (numbers, bit maps), as no service could know it: these
lines cost what FAISS costs and nothing else. Graphs are kept on disk with the seconds their building took.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import faiss
import numpy as np

from benchmarks.index_data import Data, K, Scenario

EFS = (16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 1024)
FLAT_BELOW = 2000


class Contender(Protocol):
    """What is measured: built once, then asked."""

    name: str

    def build(self, data: Data, folder: Path) -> dict[str, float]:
        """Seconds of each part of building in the folder, empty when absent; {} when it was built before."""

    def ladders(self, scenario: Scenario) -> Sequence[Sequence[Any]]:
        """Settings from fast to thorough; of several ladders the one that reaches the recall fastest is used."""

    def search(self, query: np.ndarray, scenario: Scenario, setting: Any) -> np.ndarray:
        """Numbers of the ten nearest, -1 where there are none."""


class Graph:
    """HNSW parameters; `built` reads what was built before."""

    def __init__(self, links: int, construction: int) -> None:
        self.links, self.construction = links, construction

    def build(self, vectors: np.ndarray) -> faiss.IndexHNSWFlat:
        """A graph over vectors, built on all cores."""
        index = faiss.IndexHNSWFlat(vectors.shape[1], self.links, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = self.construction
        faiss.omp_set_num_threads(os.cpu_count() or 1)
        index.add(np.ascontiguousarray(vectors))
        faiss.omp_set_num_threads(1)
        return index

    def built(self, path: Path, vectors: np.ndarray) -> tuple[faiss.IndexHNSWFlat, float]:
        """The graph and the seconds its building took."""
        path = path.with_name(f"{path.name}-{self.links}-{self.construction}.faiss")
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            loaded = np.array(vectors)  # reading the file is no part of building
            began = time.perf_counter()
            index = self.build(loaded)
            seconds = time.perf_counter() - began
            faiss.write_index(index, str(path))
            path.with_suffix(".json").write_text(json.dumps(seconds))
        return faiss.read_index(str(path)), float(json.loads(path.with_suffix(".json").read_text()))


class Flat:
    """Exact search; a filter is a bit map."""

    name = "FAISS flat"

    def build(self, data: Data, folder: Path) -> dict[str, float]:  # noqa: ARG002
        """Copy the vectors."""
        self.index = faiss.IndexFlatIP(data.dim)
        self.index.add(np.ascontiguousarray(data.vectors))
        self.selectors = selectors(data)
        return {}

    def ladders(self, scenario: Scenario) -> Sequence[Sequence[Any]]:  # noqa: ARG002
        """Nothing to set."""
        return [["exact"]]

    def search(self, query: np.ndarray, scenario: Scenario, setting: Any) -> np.ndarray:  # noqa: ARG002
        """One call."""
        chosen = self.selectors[scenario.name]
        parameters = faiss.SearchParameters(sel=chosen.selector) if chosen else None
        return self.index.search(query[None], K, params=parameters)[1][0]


class Hnsw:
    """One graph; a filter is a bit map that the walk obeys."""

    name = "FAISS HNSW + bit map"

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def build(self, data: Data, folder: Path) -> dict[str, float]:
        """Build or read the graph."""
        self.index, seconds = self.graph.built(folder / "hnsw", data.vectors)
        self.selectors = selectors(data)
        return {"graph": seconds}

    def ladders(self, scenario: Scenario) -> Sequence[Sequence[Any]]:  # noqa: ARG002
        """Values of efSearch."""
        return [EFS]

    def search(self, query: np.ndarray, scenario: Scenario, setting: Any) -> np.ndarray:
        """One call."""
        chosen = self.selectors[scenario.name]
        sel = chosen.selector if chosen else None
        parameters = faiss.SearchParametersHNSW(efSearch=setting, sel=sel)
        return self.index.search(query[None], K, params=parameters)[1][0]


class HnswOrScan(Hnsw):
    """The same graph, or an exact scan over the numbers a filter allows, whichever was faster on other queries."""

    name = "FAISS HNSW or scan"

    def build(self, data: Data, folder: Path) -> dict[str, float]:
        """Build or read the graph; what lies in its store is scanned."""
        seconds = super().build(data, folder)
        self.store = faiss.downcast_index(self.index.storage)
        return seconds

    def ladders(self, scenario: Scenario) -> Sequence[Sequence[Any]]:
        """Values of efSearch, and the scan when there is a filter."""
        return [EFS, ["scan"]] if self.selectors[scenario.name] else [EFS]

    def search(self, query: np.ndarray, scenario: Scenario, setting: Any) -> np.ndarray:
        """Scan, or walk."""
        if setting != "scan":
            return super().search(query, scenario, setting)
        numbers = self.selectors[scenario.name].numbers
        scores = np.empty(len(numbers), dtype=np.float32)
        self.store.compute_distance_subset(
            1, faiss.swig_ptr(query), len(numbers), faiss.swig_ptr(scores), faiss.swig_ptr(numbers)
        )
        return numbers[nearest(scores)]


class HnswByLanguage:
    """One graph per language (flat below 2,000 vectors), results merged; metadata is a bit map in each."""

    name = "FAISS HNSW per language"

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def build(self, data: Data, folder: Path) -> dict[str, float]:
        """Build or read the graphs."""
        self.parts: dict[str, tuple[np.ndarray, faiss.Index]] = {}
        self.bits: dict[tuple[str, str], Selected] = {}
        total = 0.0
        for place, code in enumerate(data.codes):
            numbers = np.flatnonzero(data.languages == place)
            index = faiss.IndexFlatIP(data.dim)
            if len(numbers) < FLAT_BELOW:
                index.add(data.vectors[numbers])
            else:
                index, seconds = self.graph.built(folder / "by-language" / code, data.vectors[numbers])
                total += seconds
            self.parts[code] = numbers, index
            for scenario in data.scenarios():
                if scenario.bucket is not None:
                    self.bits[code, scenario.name] = Selected(data.buckets[numbers] == scenario.bucket)
        return {"graph": total}

    def ladders(self, scenario: Scenario) -> Sequence[Sequence[Any]]:  # noqa: ARG002
        """Values of efSearch, the same for every graph."""
        return [EFS]

    def search(self, query: np.ndarray, scenario: Scenario, setting: Any) -> np.ndarray:
        """One call per language."""
        scores, found = [], []
        for code in scenario.languages or self.parts:
            numbers, index = self.parts[code]
            bits = self.bits.get((code, scenario.name))
            sel = bits.selector if bits else None
            walks = isinstance(index, faiss.IndexHNSW)
            parameters = (
                faiss.SearchParametersHNSW(efSearch=setting, sel=sel) if walks else faiss.SearchParameters(sel=sel)
            )
            near, places = index.search(query[None], min(K, index.ntotal), params=parameters)
            scores.append(np.where(places[0] >= 0, near[0], -np.inf))
            found.append(np.where(places[0] >= 0, numbers[places[0]], -1))
        return np.concatenate(found)[nearest(np.concatenate(scores))]


class WithTexts:
    """A line that also reads the ten passages from SQLite, as whoever answers with passages must."""

    def __init__(self, line: Contender) -> None:
        self.line, self.name = line, f"{line.name} + texts"

    def build(self, data: Data, folder: Path) -> dict[str, float]:
        """Write the passages to a table."""
        folder.mkdir(parents=True, exist_ok=True)
        self.database = sqlite3.connect(folder / "texts.db")
        if not self.database.execute("SELECT 1 FROM sqlite_master").fetchone():
            self.database.execute("CREATE TABLE passages (number INTEGER PRIMARY KEY, id, language, text, metadata)")
            rows = ((n, str(n), data.codes[c], f"passage {n}", f'{{"bucket": {b}}}') for n, (c, b) in enumerate(
                zip(data.languages.tolist(), data.buckets.tolist(), strict=True)))  # fmt: skip
            self.database.executemany("INSERT INTO passages VALUES (?, ?, ?, ?, ?)", rows)
            self.database.commit()
        return {}

    def ladders(self, scenario: Scenario) -> Sequence[Sequence[Any]]:
        """Those of the line."""
        return self.line.ladders(scenario)

    def search(self, query: np.ndarray, scenario: Scenario, setting: Any) -> np.ndarray:
        """Search, then read."""
        found = self.line.search(query, scenario, setting)
        marks = ",".join("?" * len(found))
        rows = self.database.execute(f"SELECT * FROM passages WHERE number IN ({marks})", found.tolist()).fetchall()
        texts = {row[0]: (row[1], row[2], row[3], json.loads(row[4])) for row in rows}
        return np.array([number for number in found.tolist() if number in texts], dtype=np.int64)


class Selected:
    """What a filter allows: its numbers, and a bit map for FAISS that must outlive the search."""

    def __init__(self, fits: np.ndarray) -> None:
        self.numbers = np.flatnonzero(fits)
        self.bits = np.packbits(fits, bitorder="little")
        self.selector = faiss.IDSelectorBitmap(self.bits)


def selectors(data: Data) -> dict[str, Selected | None]:
    """Scenario → what it allows; None means all."""
    found: dict[str, Selected | None] = {}
    for scenario in data.scenarios():
        allowed = data.allowed(scenario)
        found[scenario.name] = None if allowed is None else Selected(np.isin(np.arange(len(data.vectors)), allowed))
    return found


def nearest(scores: np.ndarray) -> np.ndarray:
    """Places of the ten best scores, best first."""
    top = np.argpartition(-scores, K)[:K] if len(scores) > K else np.arange(len(scores))
    return top[np.argsort(-scores[top], kind="stable")]
