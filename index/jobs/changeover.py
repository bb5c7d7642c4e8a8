"""The last steps of a `reencode` in a service that has the live version open: catching up, and the change.

A process beside the service has filled the new version. What was written to the live one meanwhile is known by
its gate (`index/write_gate.py`); it is taken over until little is left, then writers are held back for the moment
in which the last of it is taken over and the name moves. Searches wait for nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing

from index.backend import PassageIndex
from index.catalog import Catalog
from index.collection import Collection
from index.jobs.job import FOLDER, told
from index.jobs.ledger import Ledger
from index.jobs.reencoding import HANDED_OVER, match
from index.jobs.state import JobState
from index.jobs.writing import JobStopped
from index.settings import IndexSettings
from index.write_gate import Changes, WriteGate

__all__ = ["reencode_beside"]

_AT_ONCE = 256
_FEW = 32
"""Changes that may wait for the moment in which nobody writes."""
_ROUNDS = 20
"""Rounds of catching up; where passages come faster than they are encoded, writers must wait in the end."""


def reencode_beside(
    state: JobState, settings: IndexSettings, catalog: Catalog, fill: Callable[[], None], stop: threading.Event
) -> None:
    """Run a `reencode` of a collection that a catalog has open; how it went stands in the ledger.

    fill: fills the new version, in a process of its own, and leaves the job handed over if it could.
    Raises what writing and moving raise; the ledger knows it then.
    """
    live = catalog.get(state.spec.collection)
    # The collection itself is not kept here: it closes when the last one lets go of it.
    name, index, gate = live.name, live.index, live.gate
    del live
    with gate.watched() as changes:
        fill()
        with closing(Ledger(settings.data / FOLDER / state.id, state)) as ledger:
            if ledger.state.phase == HANDED_OVER:
                _Changeover(ledger, catalog, name, index, gate, changes, stop).run()


class _Changeover:
    """The steps of one. name, index, gate: the live version's."""

    def __init__(
        self,
        ledger: Ledger,
        catalog: Catalog,
        name: str,
        index: PassageIndex,
        gate: WriteGate,
        changes: Changes,
        stop: threading.Event,
    ) -> None:
        self.ledger, self.catalog, self.stop = ledger, catalog, stop
        self.name, self.index, self.gate, self.changes = name, index, gate, changes

    def run(self) -> None:
        """Catch up and change over."""
        version = str(self.ledger.state.version)
        with told(self.ledger, lambda _: None):
            try:
                self._change(self.catalog.get(version))
            except BaseException:
                self.catalog.release(version)  # the process that goes on writes to it
                raise
        self.ledger.save(status="done", phase="", fraction=1.0)

    def _change(self, new: Collection) -> None:
        self.ledger.save(status="running", phase="catching up", error=None)
        if new.counts():
            new.search("ready?", 1)  # whatever is made at a first search is made now
        self._catch_up(new)
        self.ledger.save(phase="changing over")
        with self.gate.held():
            self._take_over(new)
            self.catalog.replace(self.ledger.state.spec.collection, self.name, new.name)

    def _catch_up(self, new: Collection) -> None:
        for _ in range(_ROUNDS):
            if self.stop.is_set():
                raise JobStopped("The job was stopped; the same command goes on.", job=self.ledger.state.id)
            if len(self.changes) <= _FEW:
                return
            self._take_over(new)

    def _take_over(self, new: Collection) -> None:
        ids = self.changes.take()
        for start in range(0, len(ids), _AT_ONCE):
            tally = match(self.index, new, ids[start : start + _AT_ONCE])
            self.ledger.save(tally=self.ledger.state.tally.plus(tally))
