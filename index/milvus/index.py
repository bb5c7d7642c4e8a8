"""The backend on Milvus: one collection there per collection here.

What Milvus promises is kept and no more is promised. A write is durable when it returns, and because
everything is asked at consistency "Strong", seen by every reader from then on. A batch that fits into one
request reaches each shard as a whole; one beyond `REQUEST_BYTES` (`schema.py`) is sent in several, and when a later one
fails the earlier ones stay: sending the batch again mends it. Several processes may write at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from index.answer import Found, Hit
from index.backend import Block
from index.bias.means import Means
from index.checks import checked_vectors
from index.errors import Conflict, NotFound, StorageUnavailable
from index.filters import values_of
from index.merging.lens import Lens
from index.merging.merge import Merge
from index.merging.statistics import Statistics
from index.milvus.expressions import one_of
from index.milvus.means import MeanEstimates
from index.milvus.merged import merged
from index.milvus.names import CREATED, Properties, stored_name
from index.milvus.nearest import LEAST_EF, ask, nearest, nearest_and_behind
from index.milvus.scanning import blocks, scan
from index.milvus.schema import PASSAGE_FIELDS, index_params, passage_of, requests_of, row_of, schema_of
from index.milvus.server import TIMEOUT, Address, connect, told
from index.passages import Passage
from index.question import Scope

__all__ = ["COUNTS_SECONDS", "LEAST_EF", "MilvusIndex"]

COUNTS_SECONDS = 5.0
"""For how long counts are taken as known while only other processes write."""

_IDS_AT_ONCE = 1000
_COUNTING_THREADS = 8
_STRONG = "Strong"


class MilvusIndex:
    """Passages and vectors in a Milvus collection, on a connection of its own.

    name: the collection's name or an alias. facts: what to remember when it is new, which it is made as unless
    read_only. Raises NotFound when it is absent and read_only, Conflict when a collection of that
    name is not Isoglot's, StorageUnavailable when Milvus does not answer.
    """

    def __init__(
        self, address: Address, token: str | None, name: str, facts: dict[str, str], read_only: bool = False
    ) -> None:
        self.address, self._name, self._read_only = address, name, read_only
        self._stored = stored_name(name)
        self._lock = threading.RLock()
        self._counted: tuple[float, dict[str, int]] | None = None
        self._client = connect(address, token)
        try:
            self._open(facts)
        except BaseException:
            self._client.close()
            raise

    def _open(self, facts: dict[str, str]) -> None:
        with told(self.address, self.name):
            if not self._client.has_collection(self._stored, timeout=TIMEOUT):
                if self._read_only:
                    raise NotFound(f"There is no collection {self.name!r}.", collection=self.name)
                self._client.create_collection(
                    self._stored,
                    schema=schema_of(int(facts["dimension"])),
                    index_params=index_params(),
                    consistency_level=_STRONG,
                    properties=Properties.of_facts(facts),
                    timeout=TIMEOUT,
                )
            self._client.load_collection(self._stored, timeout=TIMEOUT)
        known = self._properties().facts
        if CREATED not in known or "dimension" not in known:
            raise Conflict(
                f"The Milvus collection {self._stored!r} was not made by Isoglot. Use another name, or drop it.",
                collection=self.name,
            )
        self._dimension = int(known["dimension"])
        self._means = MeanEstimates(self._query, self._dimension)

    lexical = None

    @property
    def name(self) -> str:
        """The collection's name."""
        return self._name

    def _properties(self) -> Properties:
        with told(self.address, self.name):
            return Properties.read(self._client.describe_collection(self._stored, timeout=TIMEOUT)["properties"])

    def facts(self) -> dict[str, str]:
        """What the collection remembers of its making."""
        return {name: value for name, value in self._properties().facts.items() if name != CREATED}

    def fields(self) -> set[str]:
        """Metadata fields a filter may name: those of any passage stored so far, deleted ones too."""
        return self._properties().fields

    def counts(self) -> dict[str, int]:
        """Language → number of passages; what other processes wrote shows within `COUNTS_SECONDS`."""
        with self._lock:
            if self._counted is None or time.monotonic() - self._counted[0] > COUNTS_SECONDS:
                self._counted = (time.monotonic(), self._count(sorted(self._properties().languages)))
            return dict(self._counted[1])

    def _count(self, languages: Sequence[str]) -> dict[str, int]:
        # A strong read waits for Milvus' clock, a fifth of a second at times: wait for all at once.
        with ThreadPoolExecutor(_COUNTING_THREADS) as pool:
            found = pool.map(
                lambda code: self._query(one_of("language", [code]), ["count(*)"])[0]["count(*)"], languages
            )
            return {code: int(count) for code, count in zip(languages, found, strict=True) if count}

    def means(self) -> Means:
        """The mean vector of each language, estimated from up to 4,000 of its passages; see `means.py`."""
        return self._means.means(self.counts())

    def _query(self, wanted: str, fields: list[str], **options: Any) -> list[Any]:
        with told(self.address, self.name):
            return list(
                self._client.query(
                    self._stored,
                    filter=wanted,
                    output_fields=fields,
                    consistency_level=_STRONG,
                    timeout=TIMEOUT,
                    **options,
                )
            )

    def upsert(self, passages: Sequence[Passage], vectors: np.ndarray) -> None:
        """Store passages, replacing those whose id is known.

        Durable on return; all or none as far as this module's first lines say. Nothing is sent
        before everything has been checked.
        """
        checked = checked_vectors(vectors, len(passages), self._dimension)
        rows = [row_of(passage, vector) for passage, vector in zip(passages, checked, strict=True)]
        with self._lock:
            self._require_writer()
            self._announce(passages)
            self._counted = None
            for request in requests_of(rows):
                with told(self.address, self.name):
                    self._client.upsert(self._stored, request, timeout=TIMEOUT)

    def _require_writer(self) -> None:
        if self._read_only:
            raise StorageUnavailable(f"Collection {self.name!r} is open for reading only.", collection=self.name)

    def _announce(self, passages: Sequence[Passage]) -> None:
        """Write down new languages and fields before the first passage that has them."""
        languages = {passage.language for passage in passages}
        fields = {field for passage in passages for field, held in passage.metadata.items() if values_of(held)}
        new = self._properties().missing(languages, fields)
        if new:
            with told(self.address, self.name):
                self._client.alter_collection_properties(self._stored, properties=new, timeout=TIMEOUT)

    def delete(self, ids: Sequence[str]) -> int:
        """Remove passages by id and return how many there were."""
        gone = 0
        with self._lock:
            self._require_writer()
            self._counted = None
            for block in blocks(ids, _IDS_AT_ONCE):
                # Milvus answers how many were asked for, not how many there were.
                found = [row["id"] for row in self._query(one_of("id", block), ["id"])]
                if found:
                    with told(self.address, self.name):
                        self._client.delete(self._stored, filter=one_of("id", found), timeout=TIMEOUT)
                gone += len(found)
        return gone

    def get(self, ids: Sequence[str]) -> dict[str, Passage]:
        """Passages by id; ids that are not there are left out."""
        rows = [row for block in blocks(ids, _IDS_AT_ONCE) for row in self._query(one_of("id", block), PASSAGE_FIELDS)]
        wanted = set(ids)
        return {row["id"]: passage_of(row) for row in rows if row["id"] in wanted}

    def search(self, vectors: np.ndarray, scope: Scope) -> list[list[Hit]]:
        """For each query vector its nearest passages, best first; equal scores are ordered by id."""
        queries = checked_vectors(vectors, len(vectors), self._dimension)
        return nearest(self._ask, queries, scope)

    def search_wider(self, vectors: np.ndarray, scope: Scope) -> list[Found]:
        """The hits, with scores and languages of three times as many behind them; see `nearest.py`."""
        return nearest_and_behind(self._ask, checked_vectors(vectors, len(vectors), self._dimension), scope)

    def sample(self, language: str, most: int) -> np.ndarray:
        """Vectors of a language, (n, dim) float32, at most so many, in no order that Milvus promises."""
        return self._means.sample(language, most)

    def merged(self, lenses: Sequence[Lens], merge: Merge, statistics: Statistics, scope: Scope) -> list[list[Hit]]:
        """For each query the first k hits by a rule; every hit obeys the scope. See `merged.py`."""
        return merged(self.search, self._vectors_of, lenses, merge, statistics, scope)

    def _vectors_of(self, ids: Sequence[str]) -> dict[str, np.ndarray]:
        rows = [
            row for block in blocks(ids, _IDS_AT_ONCE) for row in self._query(one_of("id", block), ["id", "vector"])
        ]
        return {row["id"]: np.array(row["vector"], dtype=np.float32) for row in rows}

    def remember(self, name: str, value: str | None) -> None:
        """Write down a fact on the collection; None forgets it."""
        self._require_writer()
        with told(self.address, self.name):
            if value is not None:
                new = Properties.of_fact(name, value)
                self._client.alter_collection_properties(self._stored, properties=new, timeout=TIMEOUT)
            elif name in self._properties().facts:
                keys = list(Properties.of_fact(name, ""))
                self._client.drop_collection_properties(self._stored, property_keys=keys, timeout=TIMEOUT)

    def derived(self) -> None:
        """There is no folder: what can be made again is made again by each process."""

    def _ask(self, queries: np.ndarray, scope: Scope, limit: int) -> list[list[Any]]:
        with told(self.address, self.name):
            return ask(self._client, self._stored, queries, scope, limit)

    def bulk(self) -> AbstractContextManager[None]:
        """Nothing waits: Milvus indexes what is written by itself."""
        return nullcontext()

    def scan(self, after: str | None = None, size: int = 1000) -> Iterator[Block]:
        """Yield all passages with vectors in blocks, in order of id; not frozen against writes meanwhile."""
        return scan(self._query, self._is_there, self.name, after, size)

    def _is_there(self) -> bool:
        with told(self.address, self.name):
            return bool(self._client.has_collection(self._stored, timeout=TIMEOUT))

    def info(self) -> dict[str, Any]:
        """How it is stored; no recall is promised."""
        return {
            "backend": "milvus",
            "address": self.address.uri,
            "database": self.address.database,
            "recall": {"promised": None, "measured": {}, "exact": []},
        }

    def close(self) -> None:
        """Let go of the connection; everything acknowledged is durable already."""
        self._client.close()
