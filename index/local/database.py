"""Connections to one SQLite database: one that writes, and as many that read as threads do.

In write-ahead mode a reader sees the last committed state and never waits for the writer.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from index.errors import DamagedCollection, IsoglotError, NotFound, StorageUnavailable
from index.local.schema import SCHEMA_VERSION, prepare, version_of

__all__ = ["Database", "is_current"]

log = logging.getLogger(__name__)

CHECKED_AT_ONCE = 256 * 2**20
"""Bytes up to which a database is checked before it is used, at some 300 MB a second. A larger one is checked in a
thread meanwhile, because a million passages must not keep a service from starting."""


def is_current(path: Path) -> bool:
    """Whether a database has this code's schema; False for one that an earlier version wrote, or none."""
    try:
        with closing(sqlite3.connect(_uri(path, "ro", is_fixed=_stamp(path) is not None), uri=True)) as connection:
            return version_of(connection) == SCHEMA_VERSION
    except sqlite3.Error:
        return True  # whoever opens it is told what is wrong


def _uri(path: Path, mode: str, is_fixed: bool) -> str:
    return f"{path.resolve().as_uri()}?mode={mode}{'&immutable=1' if is_fixed else ''}"


def _stamp(path: Path) -> tuple[int, int] | None:
    """Time and size of a database in a folder where nothing can be written; None for any other.

    SQLite shares memory with writers through files beside the database. Where it cannot make them, and nobody else
    has, it must be told that nobody writes.
    """
    if not path.exists() or os.access(path.parent, os.W_OK) or path.with_name(f"{path.name}-wal").exists():
        return None
    found = path.stat()
    return found.st_mtime_ns, found.st_size


class Database:
    """One database file, open.

    In a folder where nothing can be written it is read as it is; a write by somebody else then ends in
    StorageUnavailable instead of wrong answers.

    Raises DamagedCollection when it is not a sound database of a known version, StorageUnavailable when
    it cannot be read or written. Damage that is found later ends all reading and writing with DamagedCollection.
    """

    def __init__(self, path: Path, read_only: bool = False) -> None:
        self.path = path
        self._idle: list[sqlite3.Connection] = []  # append and pop are atomic
        self._is_open = True
        self._fixed = _stamp(path) if read_only else None
        self._writer: sqlite3.Connection | None = None
        self._watch: sqlite3.Connection | None = None
        self._watching, self._seen = threading.Lock(), -1
        with self._damage():
            if not read_only:
                self._writer = self._connect("rwc")
                self._writer.execute("PRAGMA journal_mode = WAL")
                self._writer.execute("PRAGMA synchronous = FULL")
                prepare(self._writer, str(path))
        self._damage_found: str | None = None
        self._checking: sqlite3.Connection | None = None
        if path.stat().st_size <= CHECKED_AT_ONCE:
            self._check()
        else:
            threading.Thread(target=self._check_beside, name=f"check of {path.parent.name}", daemon=True).start()

    def _check(self) -> None:
        if found := self.faults("quick_check(1)"):
            raise DamagedCollection(f"{self.path} is damaged: {found[0]}.", path=str(self.path))

    def _check_beside(self) -> None:
        try:
            with closing(self._connect("ro")) as self._checking:
                found = [str(row[0]) for row in self._checking.execute("PRAGMA quick_check(1)")]
        except sqlite3.Error as error:
            found = [str(error)] if self._is_open else ["ok"]  # closing interrupts the check
        finally:
            self._checking = None
        if found != ["ok"]:
            self._damage_found = found[0]
            log.error("%s is damaged: %s.", self.path, found[0])

    def _connect(self, mode: str) -> sqlite3.Connection:
        uri = _uri(self.path, mode, self._fixed is not None)
        return sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)

    @contextmanager
    def _damage(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise self._told(error) from error

    def _told(self, error: sqlite3.DatabaseError) -> IsoglotError:
        if isinstance(error, sqlite3.OperationalError):
            return StorageUnavailable(
                f"{self.path} cannot be read or written: {error}. Check the disk's space and the file's permissions; "
                "nothing of this request was stored.",
                path=str(self.path),
            )
        if isinstance(error, sqlite3.ProgrammingError):  # deleted by another request meanwhile
            return NotFound(f"Collection {self.path.parent.name!r} has been closed.")
        return DamagedCollection(
            f"{self.path} is not a sound database ({error}); restore it from a snapshot or delete the collection "
            "and index its passages again.",
            path=str(self.path),
        )

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection to read with, this thread's alone while it lasts; SQLite's errors become ours."""
        with self._damage():
            connection = self._take()
            try:
                yield connection
            finally:
                self._give_back(connection)

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows of one statement; two context managers would cost as much as a search's passages."""
        try:
            connection = self._take()
            try:
                return connection.execute(query, values).fetchall()
            finally:
                self._give_back(connection)
        except sqlite3.DatabaseError as error:
            raise self._told(error) from error

    def _take(self) -> sqlite3.Connection:
        if not self._is_open:
            raise sqlite3.ProgrammingError("closed")
        if self._damage_found is not None:
            raise sqlite3.DatabaseError(self._damage_found)
        try:
            return self._idle.pop()
        except IndexError:
            connection = self._connect("ro" if self._writer is None else "rw")
            connection.execute("PRAGMA query_only = ON")
            return connection

    def _give_back(self, connection: sqlite3.Connection) -> None:
        self._idle.append(connection)
        if not self._is_open:
            self._close_idle()

    def _close_idle(self) -> None:
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The writing connection in a transaction: on disk when this ends, undone when it raises."""
        with self._damage():
            if self._writer is None or not self._is_open:
                raise sqlite3.ProgrammingError("closed")
            if self._damage_found is not None:
                raise sqlite3.DatabaseError(self._damage_found)
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:  # SQLite rolls back by itself after some faults
                    self._writer.execute("ROLLBACK")
                raise

    def has_changed(self) -> bool:
        """Whether another connection has committed since this was asked last; the first answer is True."""
        if self._fixed is not None and self._fixed != _stamp(self.path):
            raise StorageUnavailable(
                f"{self.path} was written to elsewhere, and was opened as one that never changes because its folder "
                "cannot be written here. Open it again, or let this process write to the folder.",
                path=str(self.path),
            )
        try:
            with self._watching:
                if self._watch is None:
                    self._watch = self._connect("ro")
                before, self._seen = self._seen, self._watch.execute("PRAGMA data_version").fetchone()[0]
                return before != self._seen
        except sqlite3.DatabaseError as error:
            raise self._told(error) from error

    def faults(self, check: str = "integrity_check(20)") -> list[str]:
        """What SQLite's own check finds wrong; empty when the file is sound."""
        with self.reading() as connection:
            found = [str(row[0]) for row in connection.execute(f"PRAGMA {check}")]
        return [] if found == ["ok"] else found

    def copy_to(self, path: Path) -> None:
        """Write a copy as of now; the writer goes on meanwhile."""
        with self.reading() as connection, closing(sqlite3.connect(path)) as target:
            connection.backup(target)

    def close(self) -> None:
        """Fold the write-ahead log into the database and let go of it."""
        self._is_open = False
        if (checking := self._checking) is not None:
            with suppress(sqlite3.Error):  # it may have ended and closed by itself
                checking.interrupt()
        self._close_idle()
        for connection in (self._watch, self._writer):
            if connection is not None:
                connection.close()
