"""Checks on what is about to be stored or searched, before any backend sees it."""

from __future__ import annotations

from typing import Any

import numpy as np

from index.errors import InvalidInput

__all__ = ["checked_vectors"]


def checked_vectors(vectors: Any, count: int, dimension: int) -> np.ndarray:
    """Vectors as (count, dimension) float32, contiguous.

    Raises InvalidInput for another shape, for what is not numbers, and for NaN or infinity, which
    would make every score they meet meaningless; names the first row at fault.

    >>> checked_vectors([[0.6, 0.8]], 1, 2).dtype
    dtype('float32')
    """
    try:
        checked = np.ascontiguousarray(vectors, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"Vectors must be numbers in rows of {dimension}: {error}. Nothing was stored.") from error
    if checked.shape != (count, dimension):
        raise InvalidInput(
            f"Vectors of shape {checked.shape} were given for {count:,} texts; this collection takes "
            f"({count}, {dimension}). Was another encoder used? Nothing was stored.",
            given=list(checked.shape),
            expected=[count, dimension],
        )
    if not np.isfinite(checked).all():
        row = int(np.flatnonzero(~np.isfinite(checked).all(axis=1))[0])
        raise InvalidInput(f"Vector {row} holds NaN or infinity; only finite numbers can be compared.", row=row)
    return checked
