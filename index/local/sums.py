"""The sum of each language's vectors, kept in SQLite beside them and changed in the same transaction.

Sums are whole numbers of 2⁻³⁶: adding a vector and taking it away again leaves nothing behind, whatever
came in between, which sums in floating point do not promise. A number is rounded by less than 10⁻¹¹, and
134 million passages of one language fit.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import numpy as np

from index.bias.means import Means

__all__ = ["Sums", "change", "means_of", "read_sums", "sums_of"]

Sums = dict[str, tuple[int, np.ndarray]]
"""Language → number of vectors and their sum, (dim,) int64."""

_UNIT = 2.0**36


def sums_of(languages: Sequence[str], vectors: np.ndarray) -> Sums:
    """Sums by language of vectors, (n, dim) float32."""
    whole = np.rint(np.asarray(vectors, dtype=np.float64) * _UNIT).astype(np.int64)
    codes = np.array(languages)
    masks = {code: codes == code for code in dict.fromkeys(languages)}
    return {code: (int(np.count_nonzero(mask)), whole[mask].sum(axis=0)) for code, mask in masks.items()}


def change(connection: sqlite3.Connection, added: Sums, taken: Sums) -> None:
    """Bring the sums up to date, in the caller's transaction: one row written for each language that changed."""
    for code in {**added, **taken}:
        held = connection.execute("SELECT passages, total FROM sums WHERE language = ?", (code,)).fetchone()
        count, total = (0, np.int64(0)) if held is None else (held[0], np.frombuffer(held[1], dtype="<i8"))
        for sign, sums in ((1, added), (-1, taken)):
            if code in sums:
                count, total = count + sign * sums[code][0], total + sign * sums[code][1]
        if count:
            row = (code, count, np.asarray(total, dtype="<i8").tobytes())
            connection.execute("INSERT OR REPLACE INTO sums VALUES (?, ?, ?)", row)
        else:
            connection.execute("DELETE FROM sums WHERE language = ?", (code,))


def read_sums(connection: sqlite3.Connection) -> Sums:
    """The sums as they are kept, sorted by language."""
    rows = connection.execute("SELECT language, passages, total FROM sums ORDER BY language")
    return {code: (count, np.frombuffer(total, dtype="<i8")) for code, count, total in rows}


def means_of(sums: Sums, dimension: int) -> Means:
    """The means these sums give, for vectors of some dimension."""
    counts = np.array([count for count, _ in sums.values()], dtype=np.int64)
    totals = np.array([total for _, total in sums.values()], dtype=np.int64).reshape(len(sums), dimension)
    return Means(tuple(sums), counts, totals / _UNIT / counts[:, None])
