"""Passages and their vectors in SQLite: the truth from which everything else is rebuilt.

Write-ahead logging with full synchronisation: when `upsert` or `delete` returns, the change
is on disk and survives a kill or a power cut.
"""

from __future__ import annotations

import functools
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from index.bias.means import Means
from index.errors import DamagedCollection
from index.lexical import tables as lexical
from index.local.database import Database
from index.local.schema import facet_rows
from index.local.sums import Sums, change, means_of, read_sums, sums_of
from index.passages import Passage

__all__ = ["Numbers", "PassageStore", "Rows", "by_language"]

Numbers = dict[str, np.ndarray]
"""Language → passages' numbers, (n,) int64, ascending."""

_LOAD_AT_ONCE = 10_000
_ASKED_AT_ONCE = 10_000
"""Question marks in one statement; SQLite takes 32,766."""

_COLUMNS = "id, language, title, text, metadata"


@dataclass(frozen=True, slots=True)
class Rows:
    """A block of passages as the vectors need them.

    numbers: (n,) int64, ascending. vectors: (n, dim) float32.
    """

    numbers: np.ndarray
    languages: list[str]
    vectors: np.ndarray


class PassageStore:
    """One collection's database.

    facts: name → value to remember when the database is new (the encoder's fingerprint, its name, the dimension).
    Raises DamagedCollection when the file is not a sound database of a known version.
    """

    def __init__(self, path: Path, facts: dict[str, str], read_only: bool = False) -> None:
        self.path = path
        self.database = Database(path, read_only)
        if not read_only:
            with self.database.transaction() as connection:
                connection.executemany("INSERT OR IGNORE INTO facts VALUES (?, ?)", facts.items())

    def facts(self) -> dict[str, str]:
        """What the collection remembers of its making."""
        with self.database.reading() as connection:
            return dict(connection.execute("SELECT name, value FROM facts"))

    def remember(self, name: str, value: str | None) -> None:
        """Write down a fact in the place of what it was; None forgets it."""
        with self.database.transaction() as connection:
            if value is None:
                connection.execute("DELETE FROM facts WHERE name = ?", (name,))
            else:
                connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def counter(self, name: str) -> int:
        """A counter: "last_number" given, or "generation" of the derived files."""
        with self.database.reading() as connection:
            return int(connection.execute("SELECT value FROM counters WHERE name = ?", (name,)).fetchone()[0])

    def upsert(self, passages: Sequence[Passage], vectors: np.ndarray) -> tuple[np.ndarray, Numbers]:
        """Store passages with their vectors, all or none; returns their numbers and those they replace.

        vectors: (n, dim) float32, L2-normalised. The numbers are (n,) int64, ascending, higher than any before.
        """
        with self.database.transaction() as connection:
            replaced, taken, forgotten = _drop(connection, [passage.id for passage in passages])
            change(connection, sums_of([passage.language for passage in passages], vectors.astype("<f4")), taken)
            last = connection.execute("SELECT value FROM counters WHERE name = 'last_number'").fetchone()[0]
            numbers = np.arange(last + 1, last + 1 + len(passages), dtype=np.int64)
            stored = list(zip(numbers.tolist(), passages, vectors.astype("<f4"), strict=True))
            connection.executemany(
                "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?)",
                ((number, *_row(passage), vector.tobytes()) for number, passage, vector in stored),
            )
            connection.executemany(
                "INSERT INTO facets VALUES (?, ?, ?, ?, ?)",
                (row for number, p, _ in stored for row in facet_rows(number, p.language, p.metadata)),
            )
            lexical.changed(connection, forgotten, [(number, p.language, p.searchable) for number, p, _ in stored])
            connection.execute("UPDATE counters SET value = ? WHERE name = 'last_number'", (last + len(passages),))
        return numbers, replaced

    def delete(self, ids: Sequence[str]) -> Numbers:
        """Remove passages by id; returns the numbers of those that were there."""
        with self.database.transaction() as connection:
            dropped, taken, forgotten = _drop(connection, ids)
            change(connection, {}, taken)
            lexical.changed(connection, forgotten, [])
        return dropped

    def means(self, dimension: int) -> Means:
        """The mean vector of each language, exact to about 10⁻¹¹."""
        with self.database.reading() as connection:
            return means_of(read_sums(connection), dimension)

    def settle(self, generation: int, first: int, last: int, still_dead: Sequence[int]) -> None:
        """Note that derived files of a generation hold none of the dropped numbers from first to last but these."""
        with self.database.transaction() as connection:
            kept = set(still_dead)
            rows = connection.execute(
                "SELECT number FROM dropped WHERE number BETWEEN ? AND ?", (first, last)
            ).fetchall()
            gone = [row for row in rows if row[0] not in kept]
            connection.executemany("DELETE FROM dropped WHERE number = ?", gone)
            connection.execute("UPDATE counters SET value = ? WHERE name = 'generation'", (generation,))

    def dropped(self, first: int = 0, last: int = 2**62) -> Numbers:
        """Numbers that are no more and that derived files may still hold."""
        with self.database.reading() as connection:
            rows = connection.execute(
                "SELECT language, number FROM dropped WHERE number BETWEEN ? AND ? ORDER BY number", (first, last)
            ).fetchall()
        return by_language(rows)

    def numbers(self, first: int, last: int) -> Numbers:
        """The numbers of all passages from first to last, read from an index alone."""
        found: Numbers = {}
        with self.database.reading() as connection:
            codes = [row[0] for row in connection.execute("SELECT DISTINCT language FROM passages").fetchall()]
            for code in sorted(codes):
                text = connection.execute(
                    "SELECT group_concat(number) FROM passages WHERE language = ? AND number BETWEEN ? AND ?",
                    (code, first, last),
                ).fetchone()[0]
                if text:
                    found[code] = np.sort(np.fromstring(text, dtype=np.int64, sep=","))
        return found

    def rows(self, first: int, last: int, dimension: int) -> Iterator[Rows]:
        """Yield the passages numbered from first to last with their vectors, in order of number."""
        while first <= last:
            with self.database.reading() as connection:
                rows = connection.execute(
                    "SELECT number, language, vector FROM passages "
                    "WHERE number BETWEEN ? AND ? ORDER BY number LIMIT ?",
                    (first, last, _LOAD_AT_ONCE),
                ).fetchall()
            if not rows:
                return
            numbers = np.array([row[0] for row in rows], dtype=np.int64)
            yield Rows(numbers, [row[1] for row in rows], self._vectors([row[2] for row in rows], dimension))
            first = int(numbers[-1]) + 1

    def _vectors(self, blobs: list[bytes], dimension: int) -> np.ndarray:
        joined = b"".join(blobs)
        if len(joined) != 4 * dimension * len(blobs):
            raise DamagedCollection(f"{self.path} holds vectors that are not {dimension} long.", path=str(self.path))
        return np.frombuffer(joined, dtype="<f4").reshape(len(blobs), dimension)

    def get(self, numbers: Sequence[int]) -> dict[int, Passage]:
        """Passages by number; numbers that are not there are left out."""
        rows = self._by_number(f"number, {_COLUMNS}", numbers)
        # One call parses the metadata of all.
        held = json.loads(f"[{','.join([row[5] for row in rows])}]")
        return {row[0]: Passage(row[1], row[4], row[2], row[3], kept) for row, kept in zip(rows, held, strict=True)}

    def vectors_of(self, numbers: Sequence[int], dimension: int) -> tuple[np.ndarray, np.ndarray]:
        """Those of some numbers that are there, (n,) int64, ascending, and their vectors, (n, dim) float32."""
        rows = sorted(self._by_number("number, vector", numbers))
        return np.array([row[0] for row in rows], dtype=np.int64), self._vectors([row[1] for row in rows], dimension)

    def _by_number(self, columns: str, numbers: Sequence[int]) -> list[Any]:
        rows: list[Any] = []
        for start in range(0, len(numbers), _ASKED_AT_ONCE):
            asked = numbers[start : start + _ASKED_AT_ONCE]
            rows += self.database.rows(_selection(columns, len(asked)), asked)
        return rows

    def by_id(self, ids: Sequence[str]) -> dict[str, Passage]:
        """Passages by id; ids that are not there are left out."""
        query = f"SELECT {_COLUMNS} FROM passages WHERE id = ?"  # noqa: S608
        with self.database.reading() as connection:
            rows = [row for identity in ids for row in connection.execute(query, (identity,))]
        return {row[0]: _passage(row) for row in rows}

    def scan(self, after: str | None, size: int, dimension: int) -> tuple[list[Passage], np.ndarray]:
        """The next `size` passages by id behind `after`, None for the first, with their vectors."""
        query = f"SELECT {_COLUMNS}, vector FROM passages WHERE id > ? ORDER BY id LIMIT ?"  # noqa: S608
        with self.database.reading() as connection:
            rows = connection.execute(query, (after or "", size)).fetchall()
        return [_passage(row) for row in rows], self._vectors([row[5] for row in rows], dimension)

    def close(self) -> None:
        """Fold the write-ahead log into the database and let go of it."""
        self.database.close()


@functools.lru_cache(maxsize=128)
def _selection(columns: str, count: int) -> str:
    # Only column names of ours and question marks are put into the statement.
    return f"SELECT {columns} FROM passages WHERE number IN ({','.join('?' * count)})"  # noqa: S608


def _drop(connection: sqlite3.Connection, ids: Sequence[str]) -> tuple[Numbers, Sums, list[lexical.Words]]:
    """Remove passages; the numbers of those that were there, the sums of their vectors, and their words."""
    delete = "DELETE FROM passages WHERE id = ? RETURNING language, number, metadata, vector, title, text"
    rows = [row for identity in ids for row in connection.execute(delete, (identity,)).fetchall()]
    facets = [facet for code, number, text, *_ in rows for facet in facet_rows(number, code, json.loads(text))]
    connection.executemany(
        "DELETE FROM facets WHERE field = ? AND kind = ? AND value = ? AND language = ? AND number = ?", facets
    )
    connection.executemany("INSERT INTO dropped VALUES (?, ?)", [(number, code) for code, number, *_ in rows])
    taken = np.frombuffer(b"".join(row[3] for row in rows), dtype="<f4").reshape(len(rows), -1) if rows else _NONE
    words = [(row[1], row[0], lexical.searchable(row[4], row[5])) for row in rows]
    return by_language([(row[0], row[1]) for row in rows]), sums_of([row[0] for row in rows], taken), words


_NONE = np.empty((0, 0), dtype="<f4")


def by_language(rows: Sequence[tuple[str, int]]) -> Numbers:
    """Collect (language, number) by language."""
    collected: dict[str, list[int]] = {}
    for code, number in rows:
        collected.setdefault(code, []).append(number)
    return {code: np.array(sorted(numbers), dtype=np.int64) for code, numbers in collected.items()}


def _row(passage: Passage) -> tuple[Any, ...]:
    metadata = json.dumps(passage.metadata, ensure_ascii=False)
    return passage.id, passage.language, passage.title, passage.text, metadata


def _passage(row: Sequence[Any]) -> Passage:
    return Passage(row[0], row[3], row[1], row[2], json.loads(row[4]) if row[4] != "{}" else {})
