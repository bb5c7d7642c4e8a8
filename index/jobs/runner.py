"""Jobs that a running service is given: one at a time, in a process of their own where that can be.

A process of lower priority leaves the searches theirs: in the service's own process every search would
wait for the job's share of Python. Only a collection that the service holds open itself is filled in it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from typing import Any

from index.catalog import Catalog
from index.encoders import Encoders
from index.errors import IsoglotError, NotFound
from index.jobs.changeover import reencode_beside
from index.jobs.job import FOLDER, build, plan
from index.jobs.ledger import Ledger
from index.jobs.listing import let_go, state_of
from index.jobs.permission import require_allowed
from index.jobs.reencoding import HANDED_OVER, require_live
from index.jobs.spec import JobSpec
from index.jobs.state import JobState
from index.settings import IndexSettings

__all__ = ["LOG", "JobRunner"]

LOG = "job.log"
"""In a job's folder: what its process said."""


class JobRunner:
    """Runs jobs one after another.

    catalog: the collections the service holds open. encoders: those they may have.
    """

    def __init__(self, settings: IndexSettings, catalog: Catalog, encoders: Encoders) -> None:
        self._settings, self._catalog, self._encoders = settings, catalog, encoders
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="job")
        self._stops: dict[str, threading.Event] = {}
        self._lock = threading.Lock()

    def start(self, spec: JobSpec) -> JobState:
        """Queue a job, or an unfinished one to go on, and return its state.

        Raises InvalidInput for what may not be read, JobRunning when it runs already, and what `plan` and
        `require_live` raise.
        """
        require_allowed(spec, self._settings.job_sources)
        if spec.kind == "reencode":
            require_live(spec, self._catalog.place, self._encoders.named(str(spec.encoder)))
        fresh, _ = plan(spec, self._settings)
        with self._lock:
            if self._is_here(fresh.id):
                return state_of(self._settings, fresh.id)
            let_go(self._settings.data / FOLDER / fresh.id)
            with closing(Ledger(self._settings.data / FOLDER / fresh.id, fresh)) as ledger:
                ledger.save(status="queued", phase="", spec=spec, error=None, note=None)
                state = ledger.state
            self._stops[state.id] = stop = threading.Event()
            self._pool.submit(self._run, state, stop)
        return state

    def stop(self, identity: str) -> bool:
        """Ask a job to end after the batch in hand; whether it was one of those here that had not ended."""
        with self._lock:
            is_here = self._is_here(identity)
            if is_here:
                self._stops[identity].set()
        return is_here

    def _is_here(self, identity: str) -> bool:
        """Whether a job is queued or runs here; one that says it has ended does not, its process may yet be going."""
        return identity in self._stops and state_of(self._settings, identity).status in ("queued", "running")

    def _run(self, state: JobState, stop: threading.Event) -> None:
        try:
            if stop.is_set():
                self._enter(state, status="stopped", error="The job was stopped before it began.")
            elif state.spec.kind == "reencode":
                self._reencode(state, stop)
            elif not state.spec.switch and self._catalog.holds(state.spec.collection):
                with suppress(IsoglotError):  # told by the ledger, to whoever asks for the job
                    build(state.spec, self._settings, stop=stop, catalog=self._catalog)
            else:
                self._run_apart(state, stop)
        finally:
            with self._lock:
                if self._stops.get(state.id) is stop:
                    del self._stops[state.id]

    def _reencode(self, state: JobState, stop: threading.Event) -> None:
        try:
            self._catalog.get(state.spec.collection)
        except IsoglotError:  # cannot be opened here, so nobody writes to it, nor searches
            self._run_apart(state, stop)
            return
        with suppress(IsoglotError):  # told by the ledger, to whoever asks for the job
            fill = partial(self._run_apart, state, stop, "hand-over")
            reencode_beside(state, self._settings, self._catalog, fill, stop)

    def _run_apart(self, state: JobState, stop: threading.Event, *words: str) -> None:
        folder = self._settings.data / FOLDER / state.id
        with (folder / LOG).open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "index.jobs.worker", str(folder), *words],
                env={**os.environ, **_environment(self._settings)},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
            while process.poll() is None:
                if stop.wait(0.2):
                    process.terminate()
                    process.wait()
        with suppress(NotFound):  # forgotten since it said it had ended
            left = state_of(self._settings, state.id)
            if left.status == "queued" and left.phase != HANDED_OVER and self._is_latest(state, stop):
                told = f"The job's process ended with {process.returncode} before it began; see {folder / LOG}."
                self._enter(state, status="failed", error=told)

    def _is_latest(self, state: JobState, stop: threading.Event) -> bool:
        """Whether the job was not queued again since it said it had ended."""
        with self._lock:
            return self._stops.get(state.id) is stop

    def _enter(self, state: JobState, **changes: Any) -> None:
        with closing(Ledger(self._settings.data / FOLDER / state.id, state)) as ledger:
            ledger.save(**changes)

    def close(self) -> None:
        """Stop all jobs; they can go on later."""
        with self._lock:
            for stop in self._stops.values():
                stop.set()
        self._pool.shutdown(cancel_futures=False)


def _environment(settings: IndexSettings) -> dict[str, str]:
    """The settings as a child process reads them; secrets it has from the environment it inherits."""
    told = settings.model_dump(mode="json", include=set(IndexSettings.model_fields), exclude_none=True)
    plain = {name: value if isinstance(value, str) else json.dumps(value) for name, value in told.items()}
    return {f"ISOGLOT_{name.upper()}": value for name, value in plain.items() if set(value) != {"*"}}
