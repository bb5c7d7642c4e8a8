"""The jobs of a data folder, seen from outside."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from index.errors import NotFound
from index.jobs.job import FOLDER
from index.jobs.ledger import DATABASE, JobRunning, is_running, read_state
from index.jobs.state import JobState
from index.settings import IndexSettings

__all__ = ["folder_of", "forget", "state_of", "states"]

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
    """All jobs, latest first."""
    found = [read_state(path.parent) for path in (settings.data / FOLDER).glob(f"*/{DATABASE}")]
    return sorted(found, key=lambda state: state.updated, reverse=True)


def forget(settings: IndexSettings, identity: str) -> None:
    """Remove a job's ledger and rejected rows, not what it indexed; raises NotFound, and JobRunning while it runs."""
    folder = folder_of(settings, identity)
    if is_running(folder):
        raise JobRunning(f"The job {identity} runs; stop it first.", job=identity)
    shutil.rmtree(folder)
