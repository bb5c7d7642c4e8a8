"""A snapshot: a folder that is a collection itself, complete and sound, as of one moment.

Restoring it anywhere is copying the folder to `DATA/collections/NAME`. Segments never change, so on the same
file system they are linked instead of copied and take no space.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from index.errors import InvalidInput, StorageUnavailable
from index.local.database import Database
from index.local.manifest import FOLDER, Manifest, sync_folder

__all__ = ["write_snapshot"]

_TRIES = 5


def write_snapshot(database: Database, vectors: Path, target: Path) -> None:
    """Write a snapshot to a folder that is not there yet; it appears whole or not at all.

    vectors: the collection's folder of vectors. May run in another process than the one that writes: when that
    one replaces segments meanwhile, the snapshot begins anew. Raises InvalidInput when the folder
    exists, StorageUnavailable when it cannot be written.
    """
    if target.exists():
        raise InvalidInput(f"{target} exists; a snapshot needs a folder of its own.", path=str(target))
    unfinished = target.with_name(f"{target.name}.unfinished")
    try:
        for attempt in range(1, _TRIES + 1):
            shutil.rmtree(unfinished, ignore_errors=True)
            try:
                if _written(database, vectors, unfinished):
                    break
            except FileNotFoundError:  # a segment replaced while it was read
                if attempt == _TRIES:
                    raise
        unfinished.rename(target)
        sync_folder(target.parent)
    except OSError as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise StorageUnavailable(f"The snapshot {target} cannot be written: {error}.", path=str(target)) from error


def _written(database: Database, vectors: Path, folder: Path) -> bool:
    """Write one; whether its database still knows what was dropped from its segments."""
    manifest, _ = Manifest.read(vectors)
    (folder / FOLDER).mkdir(parents=True)
    for segment in manifest.segments:
        shutil.copytree(vectors / segment.name, folder / FOLDER / segment.name, copy_function=_link_or_copy)
    manifest.write(folder / FOLDER)
    copy = folder / database.path.name
    database.copy_to(copy)
    sync_folder(folder)
    with closing(sqlite3.connect(copy)) as connection:
        forgotten = connection.execute("SELECT value FROM counters WHERE name = 'generation'").fetchone()[0]
    return bool(forgotten <= manifest.generation)


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:  # another file system
        shutil.copyfile(source, target)
        with Path(target).open("rb") as file:
            os.fsync(file.fileno())
