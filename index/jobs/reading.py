"""All sources of a job as one sequence of checked rows, from any position on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from index.jobs.checking import Checked, Checker
from index.jobs.state import Position
from index.readers.rows import Source

__all__ = ["Item", "group", "read"]


@dataclass(frozen=True, slots=True)
class Item:
    """A checked row and the position behind it.

    vectors: id → the passage's vector and whether it was cut, for an engine that encodes before it compares.
    """

    end: Position
    checked: Checked
    vectors: dict[str, tuple[np.ndarray, bool]] = field(default_factory=dict)


def read(sources: Sequence[Source], checker: Checker, start: Position) -> Iterator[Item]:
    """Yield the rows behind a position, checked, in order."""
    for number in range(start.source, len(sources)):
        source = sources[number]
        done = start.rows if number == start.source else 0
        for done, row in enumerate(source.rows(done), start=done + 1):  # noqa: B020 - counted on from there
            yield Item(Position(number, done), checker.check(row, source.splits))


def group(items: Iterator[Item], size: int, until: Position | None = None) -> Iterator[list[Item]]:
    """Yield rows in batches of at least `size` passages and rejections.

    until: where the first batch must end, whatever its size; None leaves it free.
    """
    batch: list[Item] = []
    weight = 0
    for item in items:
        batch.append(item)
        weight += len(item.checked.passages) + len(item.checked.rejections) or 1
        if item.end == until or (until is None and weight >= size):
            yield batch
            batch, weight, until = [], 0, None
    if batch:
        yield batch
