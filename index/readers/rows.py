"""A row as it was read, and what every reader offers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["EXCERPT_CHARACTERS", "Row", "Source"]

EXCERPT_CHARACTERS = 200
"""How much of an unreadable row is kept, to find it again."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a source.

    number: its line, record or file, counted from 1. content: what it says, unchecked; None when it could
    not be read, and then fault says why and excerpt what it began with. at: bytes of the source read when
    it was, 0 where that is not known. where: the file, in a folder of files.
    """

    number: int
    content: dict[str, Any] | None
    at: int = 0
    fault: str = ""
    excerpt: str = ""
    where: str = ""


class Source(Protocol):
    """One source of rows, given by a path, a URL or a data set's id."""

    name: str
    """As it was given."""

    splits: bool
    """Whether a row is a whole document, to be split into passages."""

    def size(self) -> int | None:
        """Bytes there are to read; None when that is not known."""

    def stamp(self) -> str | None:
        """Changes whenever the content does; None for a source that cannot be read twice."""

    def rows(self, skip: int = 0) -> Iterator[Row]:
        """Yield the rows behind the first `skip`, always in the same order."""
