"""JSON lines from a file, with the number of any that cannot be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from index.errors import MalformedLine

__all__ = ["json_lines"]


def json_lines(path: Path) -> Iterator[tuple[int, Any]]:
    """Yield (line number from 1, value); blank lines are passed over.

    Raises MalformedLine for one that is not JSON in UTF-8.
    """
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except ValueError as error:
                raise MalformedLine(f"{path}, line {number}: {error}", path=str(path), line=number) from error
            yield number, value
