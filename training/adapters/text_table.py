"""Texts looked up by number, in a table too large for memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from index.errors import InvalidInput

__all__ = ["TextTable"]


class TextTable:
    """Looks up texts by id in a `datasets.Dataset` with the columns id (integer) and text.

    Only the ids are held in memory, 16 bytes each; the texts are read from disk as they are asked for.
    """

    def __init__(self, dataset: Any, what: str) -> None:
        ids = np.asarray(dataset.data.column("id"))
        if ids.dtype.kind != "i":
            raise InvalidInput(f"{what}: the first column should hold numbers, found {str(ids[0])[:60]!r}.")
        self._order = np.argsort(ids, kind="stable")
        self._ids = ids[self._order]
        self._texts = dataset.select_columns(["text"])

    def texts(self, ids: np.ndarray) -> dict[int, str]:
        """The texts of those ids that the table has.

        ids: (n,) integer, in any order.
        """
        wanted = np.unique(ids)
        places = np.searchsorted(self._ids, wanted)
        there = places < len(self._ids)
        there[there] = self._ids[places[there]] == wanted[there]
        rows = self._order[places[there]]
        # In the table's order: neighbouring rows are read from disk together.
        by_row = np.argsort(rows)
        texts = self._texts[rows[by_row].tolist()]["text"]
        return dict(zip(wanted[there][by_row].tolist(), (text or "" for text in texts), strict=True))
