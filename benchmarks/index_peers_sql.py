"""The peers that are asked in SQL: txtai and sqlite-vec."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.index_data import Data, K, Scenario
from benchmarks.index_peers import Peer, blocks, sql_filter


class Txtai(Peer):
    """Its default FAISS index (IVF) with content in SQLite; filters choose among `candidates` of the vector search."""

    name, package = "txtai", "txtai"

    def _embeddings(self) -> Any:
        from txtai import Embeddings

        return Embeddings(method="external", transform=None, content=True, columns={}, faiss={})

    def write(self, data: Data, place: Path) -> None:
        """One index call over all rows."""
        made = self._embeddings()
        made.index(
            (n, {"object": vector, "language": code, "bucket": bucket}, None)
            for block in blocks(data, 50_000)
            for n, vector, code, bucket in zip(*block, strict=True)
        )
        made.save(str(place / "index"))

    def open(self, data: Data, place: Path) -> None:  # noqa: ARG002
        """Load the saved index; filtered fields are looked up in its database."""
        self.made = self._embeddings()
        self.made.load(str(place / "index"))

    def ladders(self, scenario: Scenario) -> Sequence[Sequence[Any]]:
        """(cells probed, candidates); without a filter candidates are the hits."""
        if not sql_filter(scenario):
            return [[(cells, K) for cells in (8, 16, 32, 64, 128, 256)]]
        return [[(16, 100), (32, 1000), (64, 5000), (128, 20_000), (512, 50_000), (10_000, 200_000)]]

    def search(self, query: np.ndarray, scenario: Scenario, setting: Any) -> np.ndarray:
        """One statement."""
        cells, candidates = setting
        self.made.config.setdefault("faiss", {})["nprobe"] = cells
        condition = sql_filter(scenario)
        rest = f" AND {condition}" if condition else ""
        statement = f"SELECT id FROM txtai WHERE similar(:query, {candidates}){rest} LIMIT {K}"
        rows = self.made.search(statement, K, parameters={"query": query})
        return np.array([int(row["id"]) for row in rows], dtype=np.int64)


class SqliteVec(Peer):
    """A vec0 table: exact, the language its partition key, the number a metadata column."""

    name, package = "sqlite-vec", "sqlite_vec"

    def _connect(self, place: Path) -> Any:
        import apsw  # Python's own sqlite3 is often built without extensions
        import sqlite_vec

        database = apsw.Connection(str(place / "passages.db"))
        database.enable_load_extension(True)
        database.load_extension(sqlite_vec.loadable_path())
        return database

    def write(self, data: Data, place: Path) -> None:
        """One transaction."""
        database = self._connect(place)
        database.execute(
            "CREATE VIRTUAL TABLE passages USING vec0(id INTEGER PRIMARY KEY, language TEXT PARTITION KEY, "
            f"bucket INTEGER, vector FLOAT[{data.dim}])"
        )
        with database:
            for numbers, vectors, codes, buckets in blocks(data, 10_000):
                rows = zip(numbers, codes, buckets, (v.tobytes() for v in vectors), strict=True)
                database.executemany("INSERT INTO passages (id, language, bucket, vector) VALUES (?, ?, ?, ?)", rows)
        database.close()

    def open(self, data: Data, place: Path) -> None:  # noqa: ARG002
        """Open the file."""
        self.database = self._connect(place)

    def search(self, query: np.ndarray, scenario: Scenario, setting: Any) -> np.ndarray:  # noqa: ARG002
        """One statement per language: a partition key takes equality alone. Vectors are normalised: L2 ranks alike."""
        asked = [f" AND language = '{code}'" for code in scenario.languages or ()] or [""]
        if scenario.bucket is not None:
            asked = [f" AND bucket = {scenario.bucket}"]
        rows = [
            row
            for condition in asked
            for row in self.database.execute(
                f"SELECT distance, id FROM passages WHERE vector MATCH ? AND k = {K}{condition}", (query.tobytes(),)
            )
        ]
        return np.array([number for _, number in sorted(rows)[:K]], dtype=np.int64)
