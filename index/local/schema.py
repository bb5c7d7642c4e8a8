"""The tables of a local collection, and how databases of earlier versions become current.

Version 1 held passages alone and gave an updated passage its old number. Since version 2 a number
names one version of one passage for ever, so that whatever was derived from a number (a row of a
FAISS file) is right or dead, never stale; and what filters ask of metadata has a table of its own. Since
version 3 the sum of each language's vectors is kept, since version 4 what lexical search needs to be switched on.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from index.errors import DamagedCollection
from index.filters import kind_of, values_of
from index.lexical.tables import SCHEMA as LEXICAL
from index.local.sums import change, sums_of

__all__ = ["SCHEMA_VERSION", "facet_rows", "prepare", "version_of"]

SCHEMA_VERSION = 4

_PASSAGES = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE passages (
    number   INTEGER PRIMARY KEY,   -- one version of one passage, never given twice
    id       TEXT NOT NULL UNIQUE,
    language TEXT NOT NULL,
    title    TEXT,
    text     TEXT NOT NULL,
    metadata TEXT NOT NULL,         -- JSON
    vector   BLOB NOT NULL          -- dim × float32, little-endian
);
CREATE INDEX passages_by_language ON passages (language);
"""

_SINCE_2 = """
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE dropped (              -- numbers that are no more, until no FAISS file holds them
    number   INTEGER PRIMARY KEY,
    language TEXT NOT NULL
);
CREATE TABLE facets (               -- what filters may ask of metadata
    field    TEXT NOT NULL,
    kind     TEXT NOT NULL,         -- "text", "number" or "bool"
    value    NOT NULL,
    language TEXT NOT NULL,
    number   INTEGER NOT NULL,
    PRIMARY KEY (field, kind, value, language, number)
) WITHOUT ROWID;
INSERT INTO counters VALUES ('last_number', 0), ('generation', 0);
"""


_SINCE_3 = """
CREATE TABLE sums (
    language TEXT PRIMARY KEY,
    passages INTEGER NOT NULL,
    total    BLOB NOT NULL          -- dim × int64, little-endian, in units of 2⁻³⁶
) WITHOUT ROWID;
"""


def version_of(connection: sqlite3.Connection) -> int:
    """The schema's version; 0 for a new database."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def prepare(connection: sqlite3.Connection, path: str) -> None:
    """Make the tables of a new database, or bring an earlier version's up to date, in one transaction.

    Raises DamagedCollection for a version this code does not know.
    """
    version = version_of(connection)
    is_new = version == 0 and not connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    if version == SCHEMA_VERSION:
        return
    if not is_new and version not in _MIGRATIONS:
        raise DamagedCollection(
            f"{path} has schema version {version}; this Isoglot reads versions {min(_MIGRATIONS)} to "
            f"{SCHEMA_VERSION}. Use the Isoglot that wrote it, or a newer one.",
            path=path,
        )
    connection.execute("BEGIN IMMEDIATE")
    try:
        if is_new:
            _run(connection, _PASSAGES + _SINCE_2 + _SINCE_3 + LEXICAL)
        else:
            for earlier in range(version, SCHEMA_VERSION):
                _MIGRATIONS[earlier](connection)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _run(connection: sqlite3.Connection, script: str) -> None:
    # executescript would commit the transaction it stands in.
    lines = (line.partition("--")[0] for line in script.splitlines())
    for statement in "\n".join(lines).split(";"):
        if statement.strip():
            connection.execute(statement)


def _from_1(connection: sqlite3.Connection) -> None:
    _run(connection, _SINCE_2)
    last = connection.execute("SELECT ifnull(max(number), 0) FROM passages").fetchone()
    connection.execute("UPDATE counters SET value = ? WHERE name = 'last_number'", last)
    held = connection.execute("SELECT number, language, metadata FROM passages WHERE metadata <> '{}'")
    while rows := held.fetchmany(10_000):
        facets = [facet for number, language, text in rows for facet in facet_rows(number, language, json.loads(text))]
        connection.executemany("INSERT INTO facets VALUES (?, ?, ?, ?, ?)", facets)


def _from_2(connection: sqlite3.Connection) -> None:
    """Sum what is there: every vector is read once."""
    _run(connection, _SINCE_3)
    held = connection.execute("SELECT language, vector FROM passages")
    while rows := held.fetchmany(10_000):
        vectors = np.frombuffer(b"".join(row[1] for row in rows), dtype="<f4").reshape(len(rows), -1)
        change(connection, sums_of([row[0] for row in rows], vectors), {})


def _from_3(connection: sqlite3.Connection) -> None:
    _run(connection, LEXICAL)


_MIGRATIONS: dict[int, Callable[[sqlite3.Connection], None]] = {1: _from_1, 2: _from_2, 3: _from_3}
"""Version → what makes the next one of it."""


def facet_rows(number: int, language: str, metadata: dict[str, Any]) -> Iterator[tuple[str, str, Any, str, int]]:
    """Yield the rows of `facets` for one passage."""
    for field, held in metadata.items():
        for value in values_of(held):
            yield field, str(kind_of(value)), value, language, number
