"""A progress bar with throughput and the time left, on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

__all__ = ["pace"]


class _Rate(ProgressColumn):
    """Things done a second since the bar appeared; rich's own speed is unknown until the second step."""

    def __init__(self, unit: str, done: int) -> None:
        super().__init__()
        self.unit, self.done = unit, done

    def render(self, task: Task) -> Text:
        """Show the rate, or a dash before anything is done."""
        count, seconds = task.completed - self.done, task.finished_time or task.elapsed
        return Text(f"{count / seconds:,.0f} {self.unit}/s" if count and seconds else f"– {self.unit}/s")


@contextmanager
def pace(description: str, total: int | None, unit: str, done: int = 0) -> Iterator[Callable[[int], None]]:
    """Show a bar; yields the function that moves it on by a number of `unit`.

    total: None where it is not known; then there is no time left to show.
    done: what an earlier run has done already.
    """
    columns = (TextColumn(description), BarColumn(), MofNCompleteColumn(), _Rate(unit, done), TimeElapsedColumn())
    with Progress(*columns, TextColumn("left"), TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task(description, total=total, completed=done)
        yield lambda count: progress.advance(task, count)
