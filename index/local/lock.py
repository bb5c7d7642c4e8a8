"""The writer's lock of a local collection: one process writes at a time."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from index.errors import CollectionInUse, StorageUnavailable
from index.locks import hold

__all__ = ["claim"]

LOCK = "writer.lock"


def claim(folder: Path) -> IO[bytes]:
    """Take the writer's lock of a folder, made when absent; the kernel gives it back when the process dies.

    Raises CollectionInUse when another process holds it, StorageUnavailable when the folder cannot be written.
    """
    try:
        lock = hold(folder / LOCK)
    except OSError as error:
        raise StorageUnavailable(f"Collection {folder.name!r} cannot be written: {error}.", path=str(folder)) from error
    if lock is None:
        raise CollectionInUse(
            f"Collection {folder.name!r} is open for writing in another process. Stop that process, or send the "
            "passages to the running service (POST /collections/NAME/passages).",
            collection=folder.name,
        )
    return lock
