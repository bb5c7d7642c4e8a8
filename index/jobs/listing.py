"""The jobs of a data folder, seen from outside."""

from __future__ import annotations

import logging
import re
import shutil
import time
from pathlib import Path

from index.errors import NotFound
from index.jobs.job import FOLDER
from index.jobs.ledger import DATABASE, JobRunning, is_running, read_state
from index.jobs.state import JobState
from index.settings import IndexSettings

__all__ = ["folder_of", "forget", "let_go", "state_of", "states"]

_LETTING_GO = 10.0
"""Seconds a job that has ended may take to let go of its ledger."""

log = logging.getLogger(__name__)

_ID = re.compile(r"[a-z0-9][a-z0-9_-]*-[0-9a-f]{12}")


def folder_of(settings: IndexSettings, identity: str) -> Path:
    """Where a job's ledger and rejected rows are; raises NotFound for what is no job's id."""
    folder = settings.data / FOLDER / identity
    if not _ID.fullmatch(identity) or not (folder / DATABASE).is_file():
        raise NotFound(f"There is no job {identity[:80]!r}.", job=identity[:80])
    return folder


def state_of(settings: IndexSettings, identity: str) -> JobState:
    """A job's state; raises NotFound."""
    return read_state(folder_of(settings, identity))


def states(settings: IndexSettings) -> list[JobState]:
    """All jobs, latest first; one that was killed before its first entry, or cannot be read, is told to the log."""
    found = []
    for path in (settings.data / FOLDER).glob(f"*/{DATABASE}"):
        try:
            found.append(read_state(path.parent))
        except NotFound as error:
            log.warning(error.message)
    return sorted(found, key=lambda state: state.updated, reverse=True)


def forget(settings: IndexSettings, identity: str) -> None:
    """Remove a job's ledger and rejected rows, not what it indexed; raises NotFound, and JobRunning while it runs."""
    folder = folder_of(settings, identity)
    let_go(folder)
    if is_running(folder):
        raise JobRunning(f"The job {identity} runs; stop it first.", job=identity)
    shutil.rmtree(folder)


def let_go(folder: Path) -> None:
    """Wait for a job that says it has ended until nobody holds it any more, which takes a moment."""
    deadline = time.monotonic() + _LETTING_GO
    while is_running(folder) and time.monotonic() < deadline:
        if read_state(folder).status in ("queued", "running"):
            return
        time.sleep(0.02)
