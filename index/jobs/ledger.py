"""The ledger of a job: where it stands, durable, and which ids it has seen.

SQLite with write-ahead logging and full synchronisation. A batch is entered twice: as about to be
written, and as written. Between the two it may or may not stand in the collection, and either is well:
it is read again and compared.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from index.errors import Conflict, DamagedCollection, NotFound, StorageUnavailable
from index.jobs.state import JobState, Pending, Position, now
from index.jobs.tally import Tally
from index.locks import hold, is_held

__all__ = ["DATABASE", "JobRunning", "Ledger", "Seen", "is_running", "read_state", "seen_key"]

DATABASE, LOCK = "ledger.db", "running.lock"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS state (one INTEGER PRIMARY KEY CHECK (one = 1), body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS seen (
    id     BLOB PRIMARY KEY,   -- a hash of the passage's id
    source INTEGER NOT NULL,
    row    INTEGER NOT NULL,
    good   INTEGER NOT NULL    -- 0 when its row was rejected: it has not vanished, and may come again
) WITHOUT ROWID;
"""

Seen = tuple[bytes, int, int, bool]
"""Hash of an id, source, row, and whether the row was good."""


class JobRunning(Conflict):
    """The job runs already, in this process or another."""

    code = "job_running"


def seen_key(identity: str) -> bytes:
    """What the ledger knows an id by: 16 bytes, whatever the id's length."""
    return hashlib.blake2b(identity.encode(errors="replace"), digest_size=16).digest()


class Ledger:
    """The ledger of the job that runs; one process holds it.

    folder: the job's, made when absent. fresh: the state of a new job; an unfinished job of the same
    key goes on where it was instead. Raises JobRunning, DamagedCollection, StorageUnavailable.
    """

    def __init__(self, folder: Path, fresh: JobState) -> None:
        self.folder = folder
        self._lock = threading.RLock()
        self._held = _claim(folder)
        try:
            with self._faults():
                self._connection = sqlite3.connect(folder / DATABASE, check_same_thread=False, isolation_level=None)
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = FULL")
                self._connection.executescript(_SCHEMA)
                row = self._connection.execute("SELECT body FROM state").fetchone()
            kept = JobState.model_validate_json(row[0]) if row else None
            self.goes_on = kept is not None and kept.key == fresh.key and kept.status != "done"
            self.state = kept if kept is not None and self.goes_on else fresh
            if not self.goes_on:
                self.restart()
        except BaseException:
            self._held.close()
            raise

    @contextmanager
    def _faults(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except sqlite3.OperationalError as error:
                raise StorageUnavailable(
                    f"{self.folder / DATABASE}: {error}. What was indexed is kept; the same command goes on.",
                    path=str(self.folder),
                ) from error
            except sqlite3.DatabaseError as error:
                raise DamagedCollection(
                    f"{self.folder / DATABASE} is damaged ({error}). Remove the folder {self.folder}: the same command "
                    "then begins anew and skips what is stored.",
                    path=str(self.folder),
                ) from error

    def restart(self) -> None:
        """Forget what was read; the version that was begun stays."""
        self.state = self.state.model_copy(
            update={"position": Position(0, 0), "tally": Tally(), "pending": None, "letters": 0, "seconds": 0.0}
        )
        with self._faults():
            self._connection.execute("DELETE FROM seen")
        self.save()

    def save(self, **changes: Any) -> None:
        """Enter changes of the state; durable when this returns."""
        self._enter((), changes)

    def intend(self, end: Position, tally: Tally) -> None:
        """Enter a batch that is about to be written."""
        self.save(pending=Pending(end=end, tally=tally))

    def commit(self, end: Position, tally: Tally, seen: Iterable[Seen], letters: int, **changes: Any) -> None:
        """Enter that a batch is written, with the ids in it; letters: size of the file of rejected rows."""
        state = {"position": end, "tally": self.state.tally.plus(tally), "pending": None, "letters": letters}
        self._enter(seen, {**state, **changes})

    def _enter(self, seen: Iterable[Seen], changes: dict[str, Any]) -> None:
        with self._faults():
            self.state = self.state.model_copy(update={**changes, "updated": now()})
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._connection.executemany(
                    "INSERT INTO seen VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET source = excluded.source, "
                    "row = excluded.row, good = excluded.good WHERE excluded.good",
                    seen,
                )
                self._connection.execute("REPLACE INTO state VALUES (1, ?)", (self.state.model_dump_json(),))
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def seen(self, ids: Iterable[str], good: bool = True) -> dict[str, tuple[int, int]]:
        """Of these ids those that stand in a row already: id → source and row. good: only in good ones."""
        found = {}
        with self._faults():
            for identity in ids:
                row = self._connection.execute(
                    "SELECT source, row, good FROM seen WHERE id = ?", (seen_key(identity),)
                ).fetchone()
                if row and (row[2] or not good):
                    found[identity] = (row[0], row[1])
        return found

    def close(self) -> None:
        """Let go; everything entered is durable."""
        with self._lock:
            self._connection.close()
            self._held.close()


def _claim(folder: Path) -> IO[bytes]:
    try:
        lock = hold(folder / LOCK)
    except OSError as error:
        raise StorageUnavailable(f"{folder} cannot be written: {error}.", path=str(folder)) from error
    if lock is None:
        raise JobRunning(f"The job {folder.name} runs already; wait for it or stop it.", job=folder.name)
    return lock


def is_running(folder: Path) -> bool:
    """Whether some process holds the job's ledger."""
    return is_held(folder / LOCK)


def read_state(folder: Path) -> JobState:
    """A job's state, seen from outside; "stopped" when it says it runs but nobody runs it. Raises NotFound."""
    if not (folder / DATABASE).is_file():
        raise NotFound(f"There is no job {folder.name!r}.", job=folder.name)
    connection = sqlite3.connect(f"{(folder / DATABASE).resolve().as_uri()}?mode=ro", uri=True)
    try:
        row = connection.execute("SELECT body FROM state").fetchone()
    except sqlite3.DatabaseError as error:
        raise NotFound(f"The job {folder.name!r} cannot be read ({error}).", job=folder.name) from error
    finally:
        connection.close()
    if row is None:
        raise NotFound(f"There is no job {folder.name!r}.", job=folder.name)
    state = JobState.model_validate_json(row[0])
    if state.status == "running" and not is_running(folder):
        return state.model_copy(update={"status": "stopped", "note": "The process ended; the same job goes on."})
    return state
