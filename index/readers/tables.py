"""CSV and TSV, with a header; plain or compressed, a file or a URL."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import IO

from index.readers.lines import MAX_LINE_BYTES
from index.readers.one_file import OneFile
from index.readers.opening import opened, suffix
from index.readers.rows import EXCERPT_CHARACTERS, Row

__all__ = ["Table"]


class Table(OneFile):
    """Rows of a CSV file (RFC 4180) or a TSV file; the first row names the columns.

    Bytes that are no UTF-8 spoil their row, not the file.
    """

    def rows(self, skip: int = 0) -> Iterator[Row]:
        """Yield records as rows, numbered by the line they end on; raises InvalidInput for missing columns."""
        csv.field_size_limit(MAX_LINE_BYTES)
        with opened(self.name) as stream:
            records = csv.reader(_text(stream.bytes), delimiter="\t" if suffix(self.name) == ".tsv" else ",")
            header: list[str] = []
            done = 0
            while True:
                try:
                    cells = next(records)
                except StopIteration:
                    return
                except csv.Error as error:  # a field beyond the limit, or a NUL
                    done += 1
                    if done > skip:
                        yield Row(records.line_num, None, stream.at, f"Not a row of a table ({error}).")
                    continue
                if not header:
                    header = cells
                    self._columns.require(header, self.name)
                elif cells:
                    done += 1
                    if done > skip:
                        yield self._row(records.line_num, header, cells, stream.at)

    def _row(self, number: int, header: list[str], cells: list[str], at: int) -> Row:
        if len(cells) != len(header):
            fault = f"The row has {len(cells)} cells; the header names {len(header)} columns."
            return Row(number, None, at, fault, " ".join(cells)[:EXCERPT_CHARACTERS].encode(errors="replace").decode())
        return Row(number, self._columns.cells(dict(zip(header, cells, strict=True))), at)


def _text(stream: IO[bytes]) -> Iterator[str]:
    """Yield lines as text; broken bytes become lone surrogates, which checking a passage refuses."""
    for number, line in enumerate(stream):
        yield line.decode("utf-8-sig" if number == 0 else "utf-8", "surrogateescape")
