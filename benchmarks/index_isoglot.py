"""Isoglot's local index as the index benchmark's contender, and in a process of its own.

    python -m benchmarks.index_isoglot FOLDER QUERIES.npy

opens the index in FOLDER, asks it the queries, and prints as JSON the seconds until it could be asked
and the resident memory before opening and after the queries.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.index_data import BUCKETS, FIELD, Data, K, Scenario
from index.filters import parse_filter
from index.local.build import Shape
from index.local.index import LocalIndex
from index.local.manifest import Storage
from index.passages import Passage
from index.question import Scope

BLOCK = 1000


class Isoglot:
    """What `Collection` searches: passages with texts and metadata come back, not numbers alone.

    storage: how segments keep vectors.
    """

    def __init__(self, storage: Storage = "float32") -> None:
        self.storage, self.shape = storage, Shape(storage=storage)
        self.name = "Isoglot" if storage == "float32" else f"Isoglot {storage}"

    def folder(self, folder: Path) -> Path:
        """Where the index lies in the benchmark's folder."""
        return folder / f"isoglot-{self.storage}"

    def build(self, data: Data, folder: Path) -> dict[str, float]:
        """Write all passages durably and have the search structures made; or open what was built."""
        place = self.folder(folder)
        done = place / "benchmark-done"
        if done.exists():
            self.index = LocalIndex(place, {}, shape=self.shape)
            return {}
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        self.index = LocalIndex(place, {"dimension": str(data.dim)}, shape=self.shape)
        seconds = self._write(data)
        done.touch()
        return seconds

    def _write(self, data: Data) -> dict[str, float]:
        began = time.perf_counter()
        with self.index.bulk():
            for start in range(0, len(data.vectors), BLOCK):
                vectors = np.array(data.vectors[start : start + BLOCK])
                numbers = range(start, start + len(vectors))
                self.index.upsert([passage(data, n) for n in numbers], vectors)
            written = time.perf_counter() - began
        return {"writing": written, "segment": time.perf_counter() - began - written}

    def ladders(self, scenario: Scenario) -> Sequence[Sequence[Any]]:  # noqa: ARG002
        """Nothing to set: it keeps its promise of recall itself, with the efSearch it found when it was built."""
        graphs = [segment["graph"] for segment in self.index.info()["segments"] if segment["graph"]]
        return [[f"own, {max(graph['effort'] for graph in graphs)} at most" if graphs else "own, exact"]]

    def search(self, query: np.ndarray, scenario: Scenario, setting: Any) -> np.ndarray:  # noqa: ARG002
        """One question through the backend's door."""
        where = None if scenario.bucket is None else {FIELD: scenario.bucket}
        hits = self.index.search(query[None], Scope(K, scenario.languages, parse_filter(where)))[0]
        return np.array([int(hit.passage.id) for hit in hits], dtype=np.int64)

    def new_filters(self, data: Data) -> float:
        """Median ms of a search whose filter was not asked lately: the index remembers what filters allow."""
        seconds = []
        for bucket in range(BUCKETS):
            began = time.perf_counter()
            self.search(data.queries[bucket % len(data.queries)], Scenario("", bucket=bucket), None)
            seconds.append(time.perf_counter() - began)
        return float(np.median(seconds)) * 1e3

    def alone(self, folder: Path, queries: np.ndarray) -> dict[str, float]:
        """Start-up and memory in a fresh process; the index must be closed here."""
        asked = folder / "asked-alone.npy"
        np.save(asked, queries)
        command = [sys.executable, "-m", "benchmarks.index_isoglot", str(self.folder(folder)), str(asked)]
        ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent)
        return dict(json.loads(ran.stdout.splitlines()[-1]))


def passage(data: Data, number: int) -> Passage:
    """A passage of the benchmark: its number is its id."""
    code = data.codes[data.languages[number]]
    return Passage(str(number), f"passage {number}", code, None, {FIELD: int(data.buckets[number])})


def resident() -> dict[str, float]:
    """Resident memory in MB: all of it, and without pages of files, which the system takes back when it needs them."""
    rows = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {
        "resident": int(rows["VmRSS"].split()[0]) / 1024,
        "anonymous": int(rows["RssAnon"].split()[0]) / 1024,
    }


def main(folder: Path, queries: Path) -> None:
    """Open, ask, print."""
    asked = np.load(queries)
    before, began = resident(), time.perf_counter()
    index = LocalIndex(folder, {}, read_only=True)
    index.search(asked[:1], Scope(K))
    started = time.perf_counter() - began
    opened = resident()
    for query in asked:
        index.search(query[None], Scope(K))
    after = resident()
    print(json.dumps({
        "start_seconds": started, "opened_mb": opened["resident"] - before["resident"],
        "resident_mb": after["resident"] - before["resident"], "anonymous_mb": after["anonymous"] - before["anonymous"],
    }))  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
