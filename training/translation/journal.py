"""What has been translated so far, on disk: an SQLite file beside the output.

A text is known by its hash and stored once, however many groups hold it. A translation is known by that text and by
who translated it into what, so another model's never answers for this one's. Each finished batch is one transaction,
on disk (`synchronous=FULL`) before the next is asked for: a kill at any moment loses the batches in flight, never a
row that was recorded. What this run wants is kept in temporary tables, on disk as well: memory does not grow with the
number of groups.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from index.errors import Conflict, Damaged, IsoglotError, StorageUnavailable

__all__ = ["DamagedJournal", "Journal", "open_journal"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS texts (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS engines (
    id INTEGER PRIMARY KEY, identity TEXT NOT NULL, source TEXT NOT NULL, target TEXT NOT NULL,
    UNIQUE (identity, source, target)
);
CREATE TABLE IF NOT EXISTS translations (
    engine INTEGER NOT NULL, text INTEGER NOT NULL, translation TEXT, PRIMARY KEY (engine, text)
) WITHOUT ROWID;
CREATE TEMP TABLE wanted (engine INTEGER, text INTEGER, PRIMARY KEY (engine, text)) WITHOUT ROWID;
CREATE TEMP TABLE seen (engine INTEGER, translation INTEGER, source INTEGER, PRIMARY KEY (engine, translation))
    WITHOUT ROWID;
"""

_PENDING = """
SELECT wanted.text, texts.text FROM wanted JOIN texts ON texts.id = wanted.text
WHERE wanted.engine = ? AND wanted.text > ?
  AND NOT EXISTS (SELECT 1 FROM translations AS t WHERE t.engine = wanted.engine AND t.text = wanted.text)
ORDER BY wanted.text LIMIT ?
"""

_VERSION = 1
_CACHE_KIB = 64 * 1024
_DIGEST_BYTES = 16


class DamagedJournal(Damaged):
    """The journal of a translation job cannot be read."""

    code = "damaged_journal"


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:_DIGEST_BYTES]


class Journal:
    """An open journal; made by `open_journal`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:  # a full disk has rolled back by itself
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def engine(self, identity: str, source: str, target: str) -> int:
        """Return the number under which this engine's translations into `target` are kept."""
        key = (identity, source, target)
        self._connection.execute("INSERT OR IGNORE INTO engines (identity, source, target) VALUES (?, ?, ?)", key)
        where = "SELECT id FROM engines WHERE identity = ? AND source = ? AND target = ?"
        return int(self._connection.execute(where, key).fetchone()[0])

    def want(self, rows: Sequence[tuple[int, str]]) -> None:
        """Note (engine, text) as wanted in this run; repeats are harmless."""
        digests = {text: _digest(text) for _, text in rows}
        with self._transaction():
            self._connection.executemany(
                "INSERT OR IGNORE INTO texts (digest, text) VALUES (?, ?)",
                ((digest, text) for text, digest in digests.items()),
            )
            self._connection.executemany(
                "INSERT OR IGNORE INTO wanted SELECT ?, id FROM texts WHERE digest = ?",
                ((engine, digests[text]) for engine, text in rows),
            )

    def wanted(self) -> tuple[int, int]:
        """Count what this run wants and how much of it is translated already."""
        total = self._connection.execute("SELECT count(*) FROM wanted").fetchone()[0]
        done = self._connection.execute("SELECT count(*) FROM wanted JOIN translations USING (engine, text)")
        return int(total), int(done.fetchone()[0])

    def pending(self, engine: int, at_once: int) -> Iterator[list[tuple[int, str]]]:
        """Yield (text id, text) still to translate, at most `at_once` at a time, in the order they were first read."""
        last = 0
        while rows := self._connection.execute(_PENDING, (engine, last, at_once)).fetchall():
            yield rows
            last = rows[-1][0]

    def record(self, engine: int, rows: Iterable[tuple[int, str | None]]) -> None:
        """Keep a finished batch of (text id, translation); on disk when this returns."""
        with self._transaction():
            self._connection.executemany("INSERT INTO translations VALUES (?, ?, ?)", ((engine, *row) for row in rows))

    def translation(self, engine: int, text: str) -> str | None:
        """Look a translation up; None is what the engine answers for a text too long for it.

        Raises Conflict when the text was not read at the start: the group file has changed meanwhile.
        """
        row = self._connection.execute(
            "SELECT translation FROM texts JOIN translations AS t ON t.text = texts.id "
            "WHERE t.engine = ? AND texts.digest = ?",
            (engine, _digest(text)),
        ).fetchone()
        if row is None:
            raise Conflict(f"The group file changed while it was translated: {text[:60]!r} is new. Run it again.")
        return None if row[0] is None else str(row[0])

    def first_source(self, engine: int, translation: int, source: int) -> int:
        """Return the key of the source first seen with this translation in this run, which may be `source` itself.

        translation, source: 64-bit keys of normalised texts.
        """
        self._connection.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", (engine, translation, source))
        where = "SELECT source FROM seen WHERE engine = ? AND translation = ?"
        return int(self._connection.execute(where, (engine, translation)).fetchone()[0])


@contextmanager
def open_journal(path: Path) -> Iterator[Journal]:
    """Open a journal, making it when it does not exist; it is this process's alone until closed.

    Raises Conflict when another process has it, DamagedJournal when it cannot be read, StorageUnavailable when the
    disk is full or not writable (of the journal, or of SQLite's temporary files: SQLITE_TMPDIR).
    """
    connection = None
    try:
        connection = sqlite3.connect(path, timeout=1, isolation_level=None)
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        connection.execute(f"PRAGMA temp.cache_size = -{_CACHE_KIB}")
        _require_journal(connection, path)
        connection.executescript(_SCHEMA)
        yield Journal(connection)
    except sqlite3.DatabaseError as error:
        if (told := _told(error, path)) is None:
            raise
        raise told from error
    finally:
        if connection is not None:
            connection.close()


def _require_journal(connection: sqlite3.Connection, path: Path) -> None:
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and connection.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
        raise _damaged(path, "another program or version made it")
    connection.execute(f"PRAGMA user_version = {_VERSION}")


def _damaged(path: Path, reason: object) -> DamagedJournal:
    return DamagedJournal(
        f"{path} is no journal of a translation, or damaged ({reason}). Move it away to start again.", path=str(path)
    )


def _told(error: sqlite3.DatabaseError, path: Path) -> IsoglotError | None:
    """Translate SQLite's error; None for one that no file or disk can cause."""
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Conflict(f"Another process is writing {path}; wait for it, or choose another --out.", path=str(path))
    if name.startswith(("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_PERM")):
        return StorageUnavailable(
            f"{path} cannot be written ({error}). Make room or choose another --out; what was recorded is kept, "
            "and the same command goes on.",
            path=str(path),
        )
    return _damaged(path, error) if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")) else None
