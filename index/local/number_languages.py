"""Which language a number is in, from memory: the database would be asked for tens of rows that no one reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np

from index.local.part import Part

__all__ = ["NumberLanguages"]

_UNKNOWN = np.iinfo(np.uint16).max


class NumberLanguages:
    """The languages of the numbers from `first` on that some parts hold: two bytes a number."""

    def __init__(self, first: int, codes: tuple[str, ...], places: np.ndarray) -> None:
        self._first, self._codes, self._places = first, codes, places

    @classmethod
    def of(cls, parts: Mapping[str, Part]) -> Self:
        """Of all numbers in parts, dead ones too."""
        held = {code: part.numbers for code, part in parts.items() if len(part.numbers)}
        first = min((int(numbers[0]) for numbers in held.values()), default=0)
        last = max((int(numbers[-1]) for numbers in held.values()), default=-1)
        places = np.full(last - first + 1, _UNKNOWN, dtype=np.uint16)
        for place, numbers in enumerate(held.values()):
            places[numbers - first] = place
        return cls(first, tuple(held), places)

    def fill(self, numbers: np.ndarray, languages: list[str]) -> None:
        """Write the languages of those of numbers, (m,) int64, that are here, where they stand."""
        at = numbers - self._first
        inside = np.flatnonzero((at >= 0) & (at < len(self._places)))
        for row, place in zip(inside.tolist(), self._places[at[inside]].tolist(), strict=True):
            if place != _UNKNOWN:
                languages[row] = self._codes[place]
