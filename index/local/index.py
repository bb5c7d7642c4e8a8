"""The local backend: passages in SQLite, vectors in FAISS, in one folder.

Writes go to SQLite first (`store.py`) and to FAISS (`vectors.py`) only when they are on
disk; opening rebuilds FAISS from SQLite. One process may write at a time, held by a lock on a file.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from index.answer import Hit
from index.backend import Block
from index.errors import NotFound
from index.filters import matches
from index.local.lock import claim
from index.local.store import PassageStore
from index.local.vectors import LanguageVectors
from index.passages import Passage
from index.question import Scope

__all__ = ["DATABASE", "LocalIndex"]

DATABASE = "passages.db"


class LocalIndex:
    """Passages and vectors in a folder.

    folder: where it lives; made when absent, unless read_only. facts: what to remember when it is new.
    Raises CollectionInUse when another process writes to it, DamagedCollection when its
    database is not sound, NotFound when it is absent and read_only.
    """

    def __init__(self, folder: Path, facts: dict[str, str], read_only: bool = False) -> None:
        self.folder = folder
        if read_only and not (folder / DATABASE).is_file():
            raise NotFound(f"There is no collection {folder.name!r}.", collection=folder.name)
        self._lock = threading.RLock()
        self._writer = None if read_only else claim(folder)
        try:
            self._store = PassageStore(folder / DATABASE, facts, read_only)
            self._dimension = int(self._store.facts()["dimension"])
            self._vectors = LanguageVectors(self._dimension)
            for numbers, languages, vectors in self._store.vectors(self._dimension):
                self._vectors.put(numbers, languages, vectors)
        except BaseException:
            self._release()
            raise

    @property
    def name(self) -> str:
        """The collection's name."""
        return self.folder.name

    def facts(self) -> dict[str, str]:
        """What the collection remembers of its making."""
        return self._store.facts()

    def counts(self) -> dict[str, int]:
        """Language → number of passages."""
        with self._lock:
            return self._vectors.counts()

    def fields(self) -> set[str]:
        """Metadata fields a filter may name."""
        with self._lock:
            return {field for _, metadata in self._store.metadata() for field in metadata}

    def upsert(self, passages: Sequence[Passage], vectors: np.ndarray) -> None:
        """Store passages, replacing those whose id is known; all or none, on disk when this returns."""
        with self._lock:
            numbers = self._store.upsert(passages, vectors)
            languages = [passage.language for passage in passages]
            self._vectors.put(np.array(numbers, dtype=np.int64), languages, vectors)

    def delete(self, ids: Sequence[str]) -> int:
        """Remove passages by id and return how many there were."""
        with self._lock:
            numbers = self._store.delete(ids)
            self._vectors.remove(numbers)
        return len(numbers)

    def get(self, ids: Sequence[str]) -> dict[str, Passage]:
        """Passages by id; ids that are not there are left out."""
        with self._lock:
            found = self._store.get(list(self._store.numbers(ids).values()))
        return {passage.id: passage for passage in found.values()}

    def search(self, vectors: np.ndarray, scope: Scope) -> list[list[Hit]]:
        """For each query vector its nearest passages, best first."""
        with self._lock:
            return [self._search(vector, scope) for vector in vectors]

    def _search(self, vector: np.ndarray, scope: Scope) -> list[Hit]:
        searched = list(self._vectors.counts()) if scope.languages is None else list(scope.languages)
        if scope.where:
            fitting = [number for number, metadata in self._store.metadata() if matches(metadata, scope.where)]
            among = self._vectors.among(vector, len(fitting), fitting)
            found = [hit for hit in among if hit[1] in searched][: scope.k]
        else:
            found = self._vectors.search(vector, scope.k, searched)
        passages = self._store.get([number for number, _, _ in found])
        return [Hit(passages[number], round(score, 6)) for number, _, score in found]

    def scan(self, after: str | None = None, size: int = 1000) -> Iterator[Block]:
        """Yield all passages with vectors in blocks, in order of id."""
        while True:
            with self._lock:
                passages, vectors = self._store.scan(after, size, self._dimension)
            if not passages:
                return
            yield Block(passages, vectors)
            after = passages[-1].id

    def info(self) -> dict[str, Any]:
        """How it is stored and what recall it promises."""
        return {"backend": "local", "recall": 1.0}

    def close(self) -> None:
        """Let go of the files; everything acknowledged is on disk already."""
        with self._lock:
            self._store.close()
            self._release()

    def _release(self) -> None:
        if self._writer is not None:
            self._writer.close()
