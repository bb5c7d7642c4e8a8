"""Data sets of the Hugging Face hub, by id, streamed.

`ORGANISATION/NAME`, with `@REVISION` to pin it and `#CONFIG/SPLIT` to choose a part:
`hf:miracl/miracl-corpus@main#de/train`. The split is "train" when none is named. Reading is
`datasets`' own, which also reads a local folder of that shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from index.errors import InvalidInput
from index.extras import require_extra
from index.readers.columns import Columns
from index.readers.opening import SourceUnreachable
from index.readers.rows import Row

__all__ = ["PREFIX", "HubDataset"]

PREFIX = "hf:"
_FORM = re.compile(r"(?P<id>[^@#]+)(@(?P<revision>[^#]+))?(#((?P<config>[^/]+)/)?(?P<split>[^/]+))?")


class HubDataset:
    """Rows of one split of a data set."""

    splits = False

    def __init__(self, name: str, columns: Columns) -> None:
        self.name, self._columns = name, columns
        match = _FORM.fullmatch(name.removeprefix(PREFIX))
        if match is None:
            raise InvalidInput(f"{name!r} names no data set; write hf:ORGANISATION/NAME@REVISION#CONFIG/SPLIT.")
        self._parts = match.groupdict()

    def size(self) -> int | None:
        """Not known before it is read."""
        return None

    def stamp(self) -> str | None:
        """The revision, when it is pinned to a commit; an unpinned data set is read from its beginning each time."""
        revision = self._parts["revision"] or ""
        return revision if re.fullmatch(r"[0-9a-f]{40}", revision) else None

    def rows(self, skip: int = 0) -> Iterator[Row]:
        """Yield rows; raises InvalidInput for missing columns, SourceUnreachable when it cannot be fetched."""
        data = self._load()
        try:
            known = False
            for number, record in enumerate(data.skip(skip) if skip else data, start=skip + 1):
                if not known:
                    self._columns.require(record, self.name)
                    known = True
                yield Row(number, self._columns.cells(record))
        except (OSError, ConnectionError) as error:
            raise self._unreachable(error) from error

    def _load(self) -> Any:
        require_extra("Reading data sets of the hub", "datasets")
        from datasets import load_dataset

        split = self._parts["split"] or "train"
        try:
            return load_dataset(
                self._parts["id"],
                self._parts["config"],
                split=split,
                revision=self._parts["revision"],
                streaming=True,
            )
        except ValueError as error:  # an unknown configuration or split; the library lists those there are
            raise InvalidInput(f"{self.name} cannot be read: {error}", source=self.name) from error
        except Exception as error:  # the hub client raises a dozen kinds, some of them private
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> SourceUnreachable:
        return SourceUnreachable(
            f"The data set {self.name} cannot be read: {error}. Check the id, the network, HF_ENDPOINT and HF_TOKEN; "
            "the same command goes on.",
            source=self.name,
        )
