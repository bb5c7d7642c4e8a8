"""Passages and their vectors in SQLite: the truth from which everything else is rebuilt.

Write-ahead logging with full synchronisation: when `upsert` or `delete` returns, the change
is on disk and survives a kill or a power cut.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from index.errors import DamagedCollection, NotFound, StorageUnavailable
from index.passages import Passage

__all__ = ["PassageStore"]

SCHEMA_VERSION = 1

_SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE passages (
    number   INTEGER PRIMARY KEY,   -- the id FAISS knows the vector by
    id       TEXT NOT NULL UNIQUE,
    language TEXT NOT NULL,
    title    TEXT,
    text     TEXT NOT NULL,
    metadata TEXT NOT NULL,         -- JSON
    vector   BLOB NOT NULL          -- dim × float32, little-endian
);
CREATE INDEX passages_by_language ON passages (language);
"""

_UPSERT = """
INSERT INTO passages (id, language, title, text, metadata, vector) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET language = excluded.language, title = excluded.title, text = excluded.text,
    metadata = excluded.metadata, vector = excluded.vector
RETURNING number
"""

_LOAD_AT_ONCE = 10_000


class PassageStore:
    """One collection's database.

    facts: name → value to remember when the database is new (the encoder's fingerprint, its name, the dimension).
    Raises DamagedCollection when the file is not a sound database of a known version.
    """

    def __init__(self, path: Path, facts: dict[str, str], read_only: bool = False) -> None:
        self.path = path
        with self._damage():
            mode = "?mode=ro" if read_only else ""
            self._connection = sqlite3.connect(
                f"{path.resolve().as_uri()}{mode}", uri=True, check_same_thread=False, isolation_level=None
            )
            if not read_only:
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = FULL")
            self._check()
            if not read_only:
                self._connection.executemany("INSERT OR IGNORE INTO facts VALUES (?, ?)", facts.items())

    def _check(self) -> None:
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0 and not self._connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            self._connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
        elif version != SCHEMA_VERSION:
            raise DamagedCollection(
                f"{self.path} has schema version {version}; this Isoglot reads version {SCHEMA_VERSION}.",
                path=str(self.path),
            )
        found = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise DamagedCollection(f"{self.path} is damaged: {found}.", path=str(self.path))

    @contextmanager
    def _damage(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise StorageUnavailable(
                f"{self.path} cannot be read or written: {error}. Check the disk's space and the file's permissions; "
                "nothing of this request was stored.",
                path=str(self.path),
            ) from error
        except sqlite3.ProgrammingError as error:  # deleted by another request meanwhile
            raise NotFound(f"Collection {self.path.parent.name!r} has been closed.") from error
        except sqlite3.DatabaseError as error:
            raise DamagedCollection(
                f"{self.path} is not a sound database ({error}); restore it from a copy or delete the collection and "
                "index its passages again.",
                path=str(self.path),
            ) from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._damage():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # SQLite rolls back by itself after some faults
                    self._connection.execute("ROLLBACK")
                raise

    def facts(self) -> dict[str, str]:
        """What the collection remembers of its making."""
        with self._damage():
            return dict(self._connection.execute("SELECT name, value FROM facts"))

    def upsert(self, passages: Sequence[Passage], vectors: np.ndarray) -> list[int]:
        """Store passages with their vectors, all or none; returns their numbers.

        vectors: (n, dim) float32, L2-normalised.
        """
        with self._transaction():
            return [
                self._connection.execute(_UPSERT, (*_row(passage), vector.astype("<f4").tobytes())).fetchone()[0]
                for passage, vector in zip(passages, vectors, strict=True)
            ]

    def delete(self, ids: Sequence[str]) -> list[int]:
        """Remove passages by id; returns the numbers of those that were there."""
        with self._transaction():
            found = [
                self._connection.execute("DELETE FROM passages WHERE id = ? RETURNING number", (identity,)).fetchone()
                for identity in ids
            ]
        return [row[0] for row in found if row]

    def numbers(self, ids: Sequence[str]) -> dict[str, int]:
        """Numbers by id; ids that are not there are left out."""
        found = {}
        with self._damage():
            for identity in ids:
                row = self._connection.execute("SELECT number FROM passages WHERE id = ?", (identity,)).fetchone()
                if row:
                    found[identity] = int(row[0])
        return found

    def metadata(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield every passage's number and metadata."""
        with self._damage():
            for number, text in self._connection.execute("SELECT number, metadata FROM passages"):
                yield number, json.loads(text)

    def scan(self, after: str | None, size: int, dimension: int) -> tuple[list[Passage], np.ndarray]:
        """The next `size` passages by id behind `after`, with their vectors."""
        with self._damage():
            rows = self._connection.execute(
                "SELECT id, language, title, text, metadata, vector FROM passages WHERE id > ? ORDER BY id LIMIT ?",
                (after or "", size),
            ).fetchall()
        vectors = np.frombuffer(b"".join(row[5] for row in rows), dtype="<f4").reshape(len(rows), dimension)
        return [Passage(row[0], row[3], row[1], row[2], json.loads(row[4])) for row in rows], vectors

    def get(self, numbers: Sequence[int]) -> dict[int, Passage]:
        """Passages by number; numbers that are not there are left out."""
        marks = ",".join("?" * len(numbers))
        # Only question marks are put into the statement.
        query = f"SELECT number, id, language, title, text, metadata FROM passages WHERE number IN ({marks})"  # noqa: S608
        with self._damage():
            rows = self._connection.execute(query, [int(number) for number in numbers]).fetchall()
        return {row[0]: Passage(row[1], row[4], row[2], row[3], json.loads(row[5])) for row in rows}

    def vectors(self, dimension: int) -> Iterator[tuple[np.ndarray, list[str], np.ndarray]]:
        """Yield (numbers (n,) int64, languages, vectors (n, dim) float32) in blocks, in order of number."""
        with self._damage():
            cursor = self._connection.execute("SELECT number, language, vector FROM passages ORDER BY number")
            while rows := cursor.fetchmany(_LOAD_AT_ONCE):
                numbers = np.array([row[0] for row in rows], dtype=np.int64)
                block = np.frombuffer(b"".join(row[2] for row in rows), dtype="<f4")
                if block.size != len(rows) * dimension:
                    raise DamagedCollection(
                        f"{self.path} holds vectors that are not {dimension} long.", path=str(self.path)
                    )
                yield numbers, [row[1] for row in rows], block.reshape(len(rows), dimension)

    def close(self) -> None:
        """Fold the write-ahead log into the database and let go of it."""
        self._connection.close()


def _row(passage: Passage) -> tuple[Any, ...]:
    metadata = json.dumps(passage.metadata, ensure_ascii=False)
    return passage.id, passage.language, passage.title, passage.text, metadata
