"""What one sees of a job: a bar on a terminal, lines in a log, JSON lines for programs, a table at the end."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from types import TracebackType
from typing import Protocol, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn
from rich.table import Table

from index.jobs.state import JobState

__all__ = ["Display", "display", "show_end"]

_LINE_EVERY = 10.0
"""Seconds between lines in a log."""

_JSON_EVERY = 1.0


class Display(Protocol):
    """Shows states as they come."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""

    def __call__(self, state: JobState) -> None:
        """Show a state, unless it is too soon after the last."""


def display(as_json: bool, console: Console) -> Display:
    """The display that fits: JSON lines on standard output when asked for, otherwise what the console is."""
    if as_json:
        return _Lines(lambda state: typer.echo(json.dumps(state.shown(), ensure_ascii=False)), _JSON_EVERY)
    if console.is_terminal:
        return _Bar(console)
    return _Lines(lambda state: console.print(_line(state), soft_wrap=True, highlight=False), _LINE_EVERY)


class _Lines:
    """A line now and then, and at each new step."""

    def __init__(self, show: _Show, every: float) -> None:
        self._show, self._every = show, every
        self._last, self._phase = 0.0, ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held."""

    def __call__(self, state: JobState) -> None:
        """Print, unless it is too soon."""
        if state.status != "running":
            return
        if state.phase != self._phase or time.monotonic() - self._last >= self._every:
            self._last, self._phase = time.monotonic(), state.phase
            self._show(state)


class _Show(Protocol):
    def __call__(self, state: JobState) -> None: ...


class _Bar:
    """A bar with rate and time left."""

    def __init__(self, console: Console) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
        self._progress = Progress(*columns, TextColumn("{task.fields[told]}"), console=console, transient=True)
        self._task = self._progress.add_task("opening", total=None, told="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __call__(self, state: JobState) -> None:
        """Move the bar."""
        total = None if state.fraction is None else 1.0
        self._progress.update(
            self._task, description=state.phase, total=total, completed=state.fraction or 0.0, told=_counts(state)
        )


def _counts(state: JobState) -> str:
    tally, left = state.tally, state.seconds_left
    told = f"{tally.read:,} read, {tally.written.total():,} written, {tally.skipped.total():,} skipped, "
    told += f"{tally.rejected.total():,} rejected, {state.per_second:,.0f} passages/s"
    return told if left is None else f"{told}, {timedelta(seconds=round(left))} left"


def _line(state: JobState) -> str:
    done = "" if state.fraction is None else f" {state.fraction:.0%}"
    return f"{state.updated} {state.phase}{done}: {_counts(state)}"


def show_end(state: JobState, letters: str, console: Console) -> None:
    """The counts by language and what else is to be known. letters: path of the file of rejected rows."""
    table = Table("language", "read", "written", "skipped", "rejected", title=state.id, title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for code, counts in state.tally.by_language().items():
        table.add_row(code, *(f"{counts[name]:,}" for name in ("read", "written", "skipped", "rejected")))
    console.print(table)
    into = f" into {state.version!r}" if state.version != state.spec.collection else ""
    removed = f" {state.tally.removed:,} removed." if state.tally.removed else ""
    told = [f"{_counts(state)}{into}.{removed}"]
    if state.tally.truncated:
        told.append(f"{state.tally.truncated:,} are longer than the encoder reads and were cut.")
    if state.tally.rejected.total():
        told.append(f"What was rejected and why: {letters}")
    told += [state.note] if state.note else []
    if state.spec.switch and state.status == "done":
        told.append(f"The alias {state.spec.collection!r} points to {state.version!r}.")
    for line in told:
        console.print(line, soft_wrap=True, highlight=False)
