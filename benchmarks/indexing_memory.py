"""The memory of this process while a job runs in it, by rows read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from index.jobs.state import JobState

__all__ = ["Watch", "watched"]

_EVERY = 0.25
"""Seconds between two looks."""


class Watch:
    """Looks at the memory again and again; for each step of a job and each tenth of it the most that was seen.

    samples: each with `rows` read, `phase`, and the most of two kinds of memory in MiB: `anonymous`, which is
    the process's own, and `resident`, which also counts pages of files that are mapped.
    """

    def __init__(self) -> None:
        self.samples: list[dict[str, float | str]] = []
        self._state: JobState | None = None
        self._ended = threading.Event()

    def report(self, state: JobState) -> None:
        """Take a job's state as it comes."""
        self._state = state

    def look(self) -> None:
        """Look until told to end."""
        while not self._ended.wait(_EVERY):
            state = self._state
            if state is None:
                continue
            anonymous, resident = _memory()
            tenth = int(10 * (state.fraction or 0))
            if not self.samples or (self.samples[-1]["phase"], self.samples[-1]["tenth"]) != (state.phase, tenth):
                self.samples.append({"phase": state.phase, "tenth": tenth, "anonymous": 0.0, "resident": 0.0})
            last = self.samples[-1]
            last["rows"] = state.tally.read
            last["anonymous"] = max(float(last["anonymous"]), anonymous)
            last["resident"] = max(float(last["resident"]), resident)

    def end(self) -> None:
        """Stop looking."""
        self._ended.set()


@contextmanager
def watched() -> Iterator[Watch]:
    """Watch the memory while this lasts."""
    watch = Watch()
    thread = threading.Thread(target=watch.look)
    thread.start()
    try:
        yield watch
    finally:
        watch.end()
        thread.join()


def _memory() -> tuple[float, float]:
    """Anonymous and resident MiB of this process, as Linux tells them."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    told = {
        name: int(rest.split()[0]) / 1024 for name, _, rest in (line.partition(":") for line in lines) if "kB" in rest
    }
    return told["RssAnon"], told["VmRSS"]
