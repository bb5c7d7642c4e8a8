"""JSON lines: plain, gzip, Zstandard; a file, a URL or standard input."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any

from index.readers.one_file import OneFile
from index.readers.opening import opened
from index.readers.rows import EXCERPT_CHARACTERS, Row

__all__ = ["MAX_LINE_BYTES", "JsonLines"]

MAX_LINE_BYTES = 16 * 1024 * 1024
"""Longest line that is parsed; the longest text accepted is shorter even with every character escaped."""

_SKIP_BYTES = 1024 * 1024


class JsonLines(OneFile):
    """One passage a line, as `index/passages.py` describes it; blank lines count as lines but are no rows."""

    def rows(self, skip: int = 0) -> Iterator[Row]:
        """Yield lines as rows."""
        with opened(self.name) as stream:
            done = 0
            for number, (line, length) in enumerate(_lines(stream.bytes), start=1):
                if not line.strip():
                    continue
                done += 1
                if done > skip:
                    yield self._row(number, line, length, stream.at)

    def _row(self, number: int, line: bytes, length: int, at: int) -> Row:
        excerpt = line[: 4 * EXCERPT_CHARACTERS].decode("utf-8", "replace")[:EXCERPT_CHARACTERS]
        if length > MAX_LINE_BYTES:
            fault = f"The line has {length:,} bytes; at most {MAX_LINE_BYTES:,} are read. Split the text."
            return Row(number, None, at, fault, excerpt)
        try:
            record: Any = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
        except (ValueError, RecursionError) as error:
            return Row(number, None, at, f"Not valid UTF-8 JSON ({error}).", excerpt)
        if not isinstance(record, dict):
            return Row(number, None, at, f"A passage is a JSON object, not {type(record).__name__}.", excerpt)
        return Row(number, self._columns.line(record), at)


def _lines(stream: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    """Yield (line, its length in bytes); of a line beyond the limit only the beginning is held."""
    while line := stream.readline(MAX_LINE_BYTES + 1):
        length, end = len(line), line[-1:]
        if length > MAX_LINE_BYTES:
            line = line[: 4 * EXCERPT_CHARACTERS]
            while end != b"\n" and (more := stream.readline(_SKIP_BYTES)):
                length, end = length + len(more), more[-1:]
        yield line, length
