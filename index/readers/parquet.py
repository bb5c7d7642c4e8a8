"""Parquet files, by row group; a file or a URL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from index.errors import InvalidInput
from index.extras import require_extra
from index.readers.columns import FIELDS
from index.readers.one_file import OneFile
from index.readers.opening import opened
from index.readers.rows import Row

__all__ = ["Parquet"]

_ROWS_AT_ONCE = 1024


class Parquet(OneFile):
    """Rows of a Parquet file; only the columns a passage needs are read."""

    def rows(self, skip: int = 0) -> Iterator[Row]:
        """Yield rows; row groups that are skipped are not read. Raises InvalidInput for missing columns."""
        require_extra("Reading Parquet", "pyarrow")
        import pyarrow
        from pyarrow.parquet import ParquetFile

        size = self.size() or 0
        with opened(self.name) as stream:
            try:
                file = ParquetFile(stream.bytes)
            except pyarrow.ArrowException as error:
                raise InvalidInput(f"{self.name} is no Parquet file: {error}", source=self.name) from error
            self._columns.require(file.schema_arrow.names, self.name)
            total = file.metadata.num_rows
            for number, record in enumerate(self._records(file, skip), start=skip + 1):
                yield Row(number, self._columns.cells(record), size * number // total)

    def _records(self, file: Any, skip: int) -> Iterator[dict[str, Any]]:
        wanted = {*(self._columns.names.get(field, field) for field in FIELDS), *self._columns.metadata}
        names = [name for name in file.schema_arrow.names if name in wanted]
        first, before = 0, 0
        while first < file.num_row_groups and before + file.metadata.row_group(first).num_rows <= skip:
            before += file.metadata.row_group(first).num_rows
            first += 1
        groups = range(first, file.num_row_groups)
        for batch in file.iter_batches(_ROWS_AT_ONCE, row_groups=groups, columns=names):
            records = batch.slice(min(skip - before, batch.num_rows)) if before < skip else batch
            before += batch.num_rows
            yield from records.to_pylist()
