"""Vectors of one language, searched exactly.

A language filter is a choice of parts, never a filter over candidates, so it is exact for the smallest language
too. Parts look at memory others own (a growing buffer, a mapped file), so making one costs microseconds and
copies nothing. They never change: a write makes new ones, and whoever searches the old ones is not disturbed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import faiss
import numpy as np

__all__ = ["Found", "Part", "bitmap", "flat_over", "mask_of", "view_of"]

Found = tuple[np.ndarray, np.ndarray]
"""Scores, (n, k) float32, and numbers, (n, k) int64; -1 where there are fewer than k."""


@dataclass(frozen=True, slots=True)
class Part:
    """One language's vectors.

    numbers: (n,) int64, ascending, the passages'. exact: searches all n vectors. alive: (n,) bool, None when all
    are. dead: how many are not.
    """

    numbers: np.ndarray
    exact: Any
    alive: np.ndarray | None = None
    dead: int = 0

    def __len__(self) -> int:
        """Passages that are alive."""
        return len(self.numbers) - self.dead

    def rows(self, numbers: np.ndarray) -> np.ndarray:
        """Positions of those of the given numbers, ascending, that are here."""
        at = np.searchsorted(self.numbers, numbers)
        inside = at < len(self.numbers)
        return np.asarray(at[inside][self.numbers[at[inside]] == numbers[inside]])

    def without(self, numbers: np.ndarray) -> Self:
        """The part with these numbers dead; numbers that are not here are passed over."""
        rows = self.rows(numbers)
        if not len(rows):
            return self
        alive = np.ones(len(self.numbers), dtype=bool) if self.alive is None else self.alive.copy()
        alive[rows] = False
        return replace(self, alive=alive, dead=len(alive) - int(np.count_nonzero(alive)))

    def living(self) -> np.ndarray:
        """Numbers of the passages that are alive, ascending."""
        return self.numbers if self.alive is None else self.numbers[self.alive]

    def living_rows(self, numbers: np.ndarray) -> np.ndarray:
        """Positions of those of the given numbers, ascending, that are here and alive."""
        rows = self.rows(numbers)
        return rows if self.alive is None else rows[self.alive[rows]]

    def allowed(self, among: np.ndarray | None) -> np.ndarray | None:
        """Which rows may be found, (n,) bool: alive and, unless None, among the given numbers; None when all may."""
        return self.alive if among is None else mask_of(self.living_rows(among), len(self.numbers))


def mask_of(rows: np.ndarray, size: int) -> np.ndarray:
    """Which of so many rows are among the given ones, (size,) bool."""
    mask = np.zeros(size, dtype=bool)
    mask[rows] = True
    return mask


def bitmap(mask: np.ndarray) -> Any:
    """A FAISS selector of the rows where mask, (n,) bool, holds."""
    return faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))


def view_of(index: Any, codes: np.ndarray, *owners: Any) -> Any:
    """An empty FAISS index of one code per vector, made to look at codes that others own.

    codes: (n, bytes of a vector) uint8, contiguous. owners: what else must live for the codes to.
    """
    flat = codes.reshape(-1)
    # An index that owns its codes names no owner; one that looks at others' may name none either.
    index.codes = faiss.MaybeOwnedVectorUInt8.create_view(faiss.swig_ptr(flat), flat.nbytes, index.codes.owner)
    index.ntotal = len(codes)
    index.referenced_objects = [codes, *owners]
    return index


def flat_over(vectors: np.ndarray) -> Any:
    """An exact inner-product index over vectors, (n, dim) float32, contiguous, without copying them."""
    index = faiss.IndexFlatIP(vectors.shape[1])
    return view_of(index, vectors.view(np.uint8)) if len(vectors) else index
