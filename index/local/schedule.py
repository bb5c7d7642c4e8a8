"""Snapshots by schedule: one every so many hours while the collection is open for writing, the newest few kept.

They are numbered, so that neither their order nor what is kept hangs on the clock, which may jump.
"""

from __future__ import annotations

import logging
import re
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from index.errors import IsoglotError

__all__ = ["Schedule", "SnapshotPlan", "next_snapshot", "snapshots"]

log = logging.getLogger(__name__)

_NAME = re.compile(r"(\d{6,})-.*Z")


@dataclass(frozen=True, slots=True)
class SnapshotPlan:
    """Take a snapshot every so many hours into a folder, and keep the newest ones."""

    folder: Path
    hours: float
    kept: int


def snapshots(folder: Path) -> list[Path]:
    """The snapshots in a folder, oldest first."""
    found = {int(match[1]): path for path in folder.glob("*Z") if (match := _NAME.fullmatch(path.name))}
    return [found[number] for number in sorted(found)]


def next_snapshot(folder: Path) -> Path:
    """Where the next one goes: a number higher than any there is, and the time."""
    number = max((int(path.name.partition("-")[0]) for path in snapshots(folder)), default=0) + 1
    return folder / f"{number:06d}-{datetime.now(UTC).strftime('%Y-%m-%dT%H-%M-%SZ')}"


class Schedule:
    """A thread that follows a plan; take: writes a snapshot to the folder it is given."""

    def __init__(self, plan: SnapshotPlan, take: Callable[[Path], None]) -> None:
        self._plan, self._take = plan, take
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"snapshots in {plan.folder}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        wait = self._first_wait()
        while not self._closing.wait(wait):
            try:
                self._plan.folder.mkdir(parents=True, exist_ok=True)
                self._take(next_snapshot(self._plan.folder))
                for old in snapshots(self._plan.folder)[: -self._plan.kept]:
                    shutil.rmtree(old)
            except (IsoglotError, OSError) as error:
                log.warning("No snapshot in %s: %s; trying again when the next is due.", self._plan.folder, error)
            wait = self._plan.hours * 3600

    def _first_wait(self) -> float:
        """Seconds until one is due; the clock is asked this once, and not believed beyond the plan's hours."""
        full = self._plan.hours * 3600
        newest = snapshots(self._plan.folder)[-1:]
        age = time.time() - newest[0].stat().st_mtime if newest else full
        return min(max(full - age, 0.0), full)

    def close(self) -> None:
        """Stop after what is under way."""
        self._closing.set()
        self._thread.join()
