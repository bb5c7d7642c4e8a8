"""The file of rejected rows: one JSON line each, with what is needed to find and mend it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from index.errors import StorageUnavailable
from index.jobs.checking import Rejection
from index.readers.rows import Row

__all__ = ["LETTERS", "DeadLetters", "letter"]

LETTERS = "rejected.jsonl"


def letter(source: str, row: Row, rejection: Rejection) -> dict[str, Any]:
    """A rejected row as it stands in the file."""
    return {
        "source": source,
        "line": row.number,
        **({"file": row.where} if row.where else {}),
        "id": rejection.id,
        "language": rejection.language,
        "reason": rejection.reason,
        "excerpt": rejection.excerpt,
    }


class DeadLetters:
    """The file, open for a run.

    size: bytes that count; what a killed run wrote behind them is cut off and will be written again.
    """

    def __init__(self, folder: Path, size: int) -> None:
        self.path, self.size = folder / LETTERS, size
        self._file: IO[bytes] | None = None
        if size == 0:
            self.path.unlink(missing_ok=True)
        elif self.path.exists():
            os.truncate(self.path, size)

    def append(self, letters: Sequence[dict[str, Any]]) -> int:
        """Add rows, durable when this returns; returns the file's size. Raises StorageUnavailable."""
        if not letters:
            return self.size
        body = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in letters).encode(errors="replace")
        try:
            self._file = self._file or self.path.open("ab")
            self._file.write(body)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise StorageUnavailable(f"{self.path} cannot be written: {error}.", path=str(self.path)) from error
        self.size += len(body)
        return self.size

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
