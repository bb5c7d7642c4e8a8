"""Where a run stands on disk, so that the same command goes on after any interruption.

RUN/start/                        the model before its first step
RUN/checkpoints/STAGE/checkpoint-N  weights, optimizer, random state after N steps
RUN/checkpoints/STAGE/finished    the model after the stage

A folder counts only when it holds the marker, which is written last: one that a kill or a
full disk cut short is passed over and removed.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from index.errors import StorageUnavailable

__all__ = ["latest_checkpoint", "mark_complete", "place", "stage_folder"]

_MARKER = "complete"


def stage_folder(run: Path, stage: str) -> Path:
    """Folder of a stage's checkpoints."""
    return run / "checkpoints" / stage


def mark_complete(folder: Path) -> None:
    """Declare a folder whole."""
    (folder / _MARKER).touch()


def latest_checkpoint(folder: Path) -> Path | None:
    """The whole checkpoint with the most steps, or None; removes those that are not whole."""
    found = {}
    for path in folder.glob("checkpoint-*"):
        if (path / _MARKER).exists():
            found[int(path.name.rpartition("-")[2])] = path
        else:
            # Of several processes each may find it, and one is first to remove it.
            shutil.rmtree(path, ignore_errors=True)
    return found[max(found)] if found else None


def place(folder: Path, write: Callable[[Path], None]) -> None:
    """Make a folder appear at once: `write` fills a draft beside it, which then takes its name.

    Raises StorageUnavailable when it cannot be written; nothing is left behind then.
    """
    draft = folder.with_name(folder.name + ".draft")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir(parents=True)
        write(draft)
        draft.rename(folder)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise StorageUnavailable(
            f"{folder} cannot be written: {error}. Free space and run the same command."
        ) from error
