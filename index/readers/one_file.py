"""What all sources of one file or URL share."""

from __future__ import annotations

from index.readers.columns import Columns
from index.readers.opening import file_size, file_stamp

__all__ = ["OneFile"]


class OneFile:
    """A source of one file. name: path, URL or "-". columns: which of them mean what."""

    splits = False

    def __init__(self, name: str, columns: Columns) -> None:
        self.name, self._columns = name, columns

    def size(self) -> int | None:
        """Stored bytes."""
        return file_size(self.name)

    def stamp(self) -> str | None:
        """Size and time, or a URL's version."""
        return file_stamp(self.name)
