"""A job killed at any moment ends as if nothing had been."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from index.collection import Collection
from index.errors import IsoglotError
from index.jobs import JobSpec, JobState, build
from index.jobs.ledger import Ledger
from index.jobs.listing import states
from index.settings import IndexSettings
from tests.conftest import write_lines
from tests.index.jobs.tools import held, line, rejected, run

ROWS = [line(n) if n % 50 else {"id": f"p{n - 7}", "text": "again"} for n in range(1, 4000)]


class Killed(BaseException):
    """The process is gone: nothing that follows may run."""


def unlucky(monkeypatch: pytest.MonkeyPatch, what: type, name: str, at: int, before: bool) -> None:
    """Let the at-th call of a method kill, before or behind its work."""
    whole, calls = getattr(what, name), iter(range(10_000))

    def method(self: object, *given: object, **named: object) -> object:
        turn = next(calls)
        if turn == at and before:
            raise Killed
        found = whole(self, *given, **named)
        if turn == at:
            raise Killed
        return found

    monkeypatch.setattr(what, name, method)


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize(
    ("what", "name"),
    [(Collection, "upsert"), (Ledger, "intend"), (Ledger, "commit")],
    ids=lambda x: getattr(x, "__name__", x),
)
def test_a_kill_at_each_step_changes_nothing(
    settings: IndexSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: type, name: str, before: bool
) -> None:
    file = write_lines(tmp_path / "a.jsonl", ROWS[:200])
    whole = run(settings, file, collection="whole", batch=30)
    spec = JobSpec(sources=[str(file)], collection="docs", batch=30)
    with monkeypatch.context() as patch:
        unlucky(patch, what, name, at=3, before=before)
        patch.setattr(Ledger, "save", _unless_failing(Ledger.save))
        with pytest.raises(Killed):
            build(spec, settings)
    state = build(spec, settings)
    assert state.tally == whole.tally
    assert held(settings) == held(settings, "whole")
    assert [{**row, "source": ""} for row in rejected(settings, state)] == [
        {**row, "source": ""} for row in rejected(settings, whole)
    ]


def _unless_failing(save):  # type: ignore[no-untyped-def]
    """A killed process does not enter that it failed."""

    def saved(self: Ledger, **changes: object) -> None:
        if changes.get("status") != "failed":
            save(self, **changes)

    return saved


def start(settings: IndexSettings, file: Path) -> subprocess.Popen[bytes]:
    command = "from index.cli import main; main()"
    arguments = ["index", "build", str(file), "-c", "docs", "--batch", "32", "--data", str(settings.data)]
    environment = {**os.environ, "ISOGLOT_ENCODER": settings.encoder, "ISOGLOT_THREADS": "1"}
    quiet = subprocess.DEVNULL
    return subprocess.Popen([sys.executable, "-c", command, *arguments], env=environment, stdout=quiet, stderr=quiet)


def progress(settings: IndexSettings) -> JobState | None:
    try:
        found = [state for state in states(settings) if state.spec.collection == "docs"]
    except IsoglotError:  # killed before its first entry
        return None
    return found[0] if found else None


def test_kill_9_at_random_loses_nothing_and_counts_nothing_twice(settings: IndexSettings, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "a.jsonl", ROWS)
    whole = run(settings, file, collection="whole")
    dice, reached = random.Random(), [0]
    for _ in range(6):
        process = start(settings, file)
        while process.poll() is None and ((p := progress(settings)) is None or p.tally.read <= reached[-1]):
            time.sleep(0.01)
        time.sleep(dice.random() / 5)
        process.send_signal(signal.SIGKILL)
        process.wait()
        state = progress(settings)
        assert state is not None and state.tally.read >= reached[-1]
        reached.append(state.tally.read)
    assert len(set(reached)) > 3, "the kills came before anything was done"
    assert start(settings, file).wait() == 0
    state = progress(settings)
    assert state is not None and state.tally == whole.tally
    assert held(settings) == held(settings, "whole")
    assert len(rejected(settings, state)) == state.tally.rejected.total()


def test_sigterm_stops_after_the_batch_with_its_own_exit_code(settings: IndexSettings, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "a.jsonl", ROWS * 10)
    process = start(settings, file)
    while process.poll() is None and ((p := progress(settings)) is None or not p.tally.read):
        time.sleep(0.01)
    process.terminate()
    assert process.wait() == 5
    state = progress(settings)
    assert state is not None and state.status == "stopped" and 0 < state.tally.read < len(ROWS) * 10
