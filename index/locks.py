"""Locks on files: held by one process, given back by the kernel when it dies."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

__all__ = ["hold", "is_held", "wait_for"]


def hold(path: Path) -> IO[bytes] | None:
    """Hold a lock file, made with its folder when absent, until what is returned is closed; None when others hold it.

    Raises OSError when the file cannot be written.
    """
    try:
        return _locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None


def wait_for(path: Path) -> IO[bytes]:
    """Hold a lock file as `hold` does, but wait while others hold it."""
    return _locked(path, fcntl.LOCK_EX)


def _locked(path: Path, how: int) -> IO[bytes]:
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.open("ab")
    try:
        fcntl.flock(lock, how)
    except BaseException:
        lock.close()
        raise
    return lock


def is_held(path: Path) -> bool:
    """Whether some process holds a lock file; False when there is none."""
    try:
        with path.open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        pass
    return False
