"""Other embedded vector stores, each as its documentation advises for filters; a missing one is skipped by name.

All get the same vectors, the language and one number as metadata, and return ids alone. What can
be set at search time is a ladder; two ladders where a store has two ways (an exact scan, say).
Versions stand in `index_peers.txt`.
"""

from __future__ import annotations

import shutil
import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.index_data import Data, K, Scenario
from benchmarks.index_lines import EFS

LINKS, CONSTRUCTION = 32, 200


class Peer:
    """A store in a folder of its own, written once."""

    name = ""
    package = ""

    def build(self, data: Data, folder: Path) -> dict[str, float]:
        """Write and index everything, or open what was built."""
        place = folder / self.package
        done = place / "done"
        if not done.exists():
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
        seconds = {} if done.exists() else self._timed(data, place)
        self.open(data, place)
        done.touch()
        return seconds

    def _timed(self, data: Data, place: Path) -> dict[str, float]:
        began = time.perf_counter()
        self.write(data, place)
        return {"all": time.perf_counter() - began}

    def write(self, data: Data, place: Path) -> None:
        """Fill the store."""

    def open(self, data: Data, place: Path) -> None:
        """Open the filled store."""

    def ladders(self, scenario: Scenario) -> Sequence[Sequence[Any]]:  # noqa: ARG002
        """Nothing to set."""
        return [["exact"]]


def blocks(data: Data, size: int) -> Iterator[tuple[list[int], np.ndarray, list[str], list[int]]]:
    """Numbers, vectors, languages and buckets in blocks."""
    for start in range(0, len(data.vectors), size):
        rows = slice(start, start + size)
        codes = [data.codes[c] for c in data.languages[rows].tolist()]
        yield list(range(len(data.vectors))[rows]), np.array(data.vectors[rows]), codes, data.buckets[rows].tolist()


def sql_filter(scenario: Scenario) -> str:
    """The filter as an SQL condition; empty for none. Codes are the benchmark's own."""
    if scenario.languages:
        return "language IN (" + ", ".join(f"'{code}'" for code in scenario.languages) + ")"
    return "" if scenario.bucket is None else f"bucket = {scenario.bucket}"


class LanceDb(Peer):
    """IVF-PQ re-ranked from the stored vectors, bitmap indexes on what is filtered, filters applied first."""

    name, package = "LanceDB IVF-PQ", "lancedb"
    kind = "IVF_PQ"

    def write(self, data: Data, place: Path) -> None:
        """One table, three indexes."""
        import lancedb
        import pyarrow as pa
        from lancedb.index import Bitmap

        def table(block: tuple[list[int], np.ndarray, list[str], list[int]]) -> pa.RecordBatch:
            """A block as Arrow has it."""
            numbers, vectors, codes, buckets = block
            lists = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), data.dim)
            return pa.record_batch([numbers, lists, codes, buckets], names=["id", "vector", "language", "bucket"])

        parts = [table(block) for block in blocks(data, 50_000)]
        made = lancedb.connect(place).create_table("passages", pa.Table.from_batches(parts))
        made.create_index("vector", config=self._config(len(data.vectors), data.dim))
        for field in ("language", "bucket"):
            made.create_index(field, config=Bitmap())

    def _config(self, size: int, dim: int) -> Any:
        from lancedb.index import IvfPq

        return IvfPq(distance_type="dot", num_partitions=max(1, int(size**0.5)), num_sub_vectors=dim // 8)

    def open(self, data: Data, place: Path) -> None:  # noqa: ARG002
        """Open the table."""
        import lancedb

        self.table = lancedb.connect(place).open_table("passages")

    def ladders(self, scenario: Scenario) -> Sequence[Sequence[Any]]:
        """(partitions probed, candidates re-ranked per hit); with a filter also an exact scan of what it allows."""
        probed = [(5, 5), (10, 10), (20, 10), (40, 20), (80, 30), (160, 50)]
        return [probed, ["exact"]] if sql_filter(scenario) else [probed]

    def search(self, query: np.ndarray, scenario: Scenario, setting: Any) -> np.ndarray:
        """One query."""
        asked = self.table.search(query).distance_type("dot").limit(K).select(["id", "_distance"])
        if condition := sql_filter(scenario):
            asked = asked.where(condition, prefilter=True)
        asked = asked.bypass_vector_index() if setting == "exact" else self._set(asked, setting)
        return asked.to_arrow()["id"].to_numpy()

    def _set(self, asked: Any, setting: Any) -> Any:
        return asked.nprobes(setting[0]).refine_factor(setting[1])


class LanceDbHnsw(LanceDb):
    """One HNSW graph over 8-bit vectors, re-ranked from the stored ones."""

    name = "LanceDB HNSW-SQ"

    def build(self, data: Data, folder: Path) -> dict[str, float]:
        """Beside the other table."""
        return super().build(data, folder / "lancedb-hnsw")

    def _config(self, size: int, dim: int) -> Any:  # noqa: ARG002
        from lancedb.index import HnswSq

        return HnswSq(distance_type="dot", num_partitions=1, m=LINKS, ef_construction=CONSTRUCTION)

    def ladders(self, scenario: Scenario) -> Sequence[Sequence[Any]]:
        """(ef, candidates re-ranked per hit); with a filter also an exact scan of what it allows."""
        widths = [(ef, max(2, min(10, ef // 16))) for ef in EFS if ef >= 32]
        return [widths, ["exact"]] if sql_filter(scenario) else [widths]

    def _set(self, asked: Any, setting: Any) -> Any:
        return asked.nprobes(1).ef(setting[0]).refine_factor(setting[1])


class Chroma(Peer):
    """A persistent collection, filters as `where` on metadata; ef_search is the collection's configuration."""

    name, package = "Chroma", "chromadb"

    def write(self, data: Data, place: Path) -> None:
        """Batches as large as the client takes."""
        client = self._client(place)
        graph = {"space": "ip", "max_neighbors": LINKS, "ef_construction": CONSTRUCTION}
        made = client.create_collection("passages", configuration={"hnsw": graph}, embedding_function=None)
        for numbers, vectors, codes, buckets in blocks(data, client.get_max_batch_size()):
            metadata = [{"language": c, "bucket": b} for c, b in zip(codes, buckets, strict=True)]
            made.add(ids=[str(n) for n in numbers], embeddings=vectors, metadatas=metadata)

    def _client(self, place: Path) -> Any:
        import chromadb

        return chromadb.PersistentClient(str(place), chromadb.Settings(anonymized_telemetry=False))

    def open(self, data: Data, place: Path) -> None:  # noqa: ARG002
        """Open the collection."""
        self.place = place
        self.collection = self._client(place).get_collection("passages", embedding_function=None)

    def ladders(self, scenario: Scenario) -> Sequence[Sequence[Any]]:  # noqa: ARG002
        """Values of ef_search."""
        return [EFS[1:]]

    def set(self, setting: Any) -> None:
        """Give the collection another ef_search, which a graph in memory only heeds when it is opened again."""
        from chromadb.api.shared_system_client import SharedSystemClient

        self.collection.modify(configuration={"hnsw": {"ef_search": setting}})
        SharedSystemClient.clear_system_cache()
        self.collection = self._client(self.place).get_collection("passages", embedding_function=None)

    def search(self, query: np.ndarray, scenario: Scenario, setting: Any) -> np.ndarray:  # noqa: ARG002
        """One query."""
        where: dict[str, Any] | None = None
        if scenario.languages:
            one = len(scenario.languages) == 1
            where = {"language": scenario.languages[0] if one else {"$in": list(scenario.languages)}}
        elif scenario.bucket is not None:
            where = {"bucket": scenario.bucket}
        found = self.collection.query(query_embeddings=[query], n_results=K, where=where, include=[])
        return np.array(found["ids"][0], dtype=np.int64)


class Qdrant(Peer):
    """The client's local mode, in memory: exact, made for trying out; it has no payload indexes."""

    name, package = "Qdrant local", "qdrant_client"

    def build(self, data: Data, folder: Path) -> dict[str, float]:  # noqa: ARG002
        """Always anew: it keeps nothing."""
        from qdrant_client import QdrantClient, models

        warnings.filterwarnings("ignore", module="qdrant_client")
        began = time.perf_counter()
        self.client = QdrantClient(":memory:")
        space = models.VectorParams(size=data.dim, distance=models.Distance.DOT)
        self.client.create_collection("passages", vectors_config=space)
        for numbers, vectors, codes, buckets in blocks(data, 10_000):
            payload = [{"language": c, "bucket": b} for c, b in zip(codes, buckets, strict=True)]
            self.client.upsert("passages", models.Batch(ids=numbers, vectors=vectors.tolist(), payloads=payload))
        return {"all": time.perf_counter() - began}

    def search(self, query: np.ndarray, scenario: Scenario, setting: Any) -> np.ndarray:  # noqa: ARG002
        """One query."""
        from qdrant_client import models

        if scenario.languages:
            condition = models.FieldCondition(key="language", match=models.MatchAny(any=list(scenario.languages)))
        else:
            condition = models.FieldCondition(key="bucket", match=models.MatchValue(value=scenario.bucket or 0))
        chosen = models.Filter(must=[condition]) if sql_filter(scenario) else None
        found = self.client.query_points("passages", query=query, query_filter=chosen, limit=K, with_payload=False)
        return np.array([point.id for point in found.points], dtype=np.int64)
