"""Which language a number is in, from memory: the database would be asked for tens of rows that no one reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np

from index.local.part import Part

__all__ = ["NumberLanguages"]


class NumberLanguages:
    """The languages of the numbers that some parts hold: two bytes a number.

    first: the lowest of them. codes: languages. places: where in `codes` each number's language is, from `first` on.
    """

    def __init__(self, first: int, codes: tuple[str, ...], places: np.ndarray) -> None:
        self.first, self.last = first, first + len(places) - 1
        self._codes, self._places = codes, memoryview(places.data)

    @classmethod
    def of(cls, parts: Mapping[str, Part]) -> Self:
        """Of all numbers in parts, dead ones too."""
        held = {code: part.numbers for code, part in parts.items() if len(part.numbers)}
        first = min((int(numbers[0]) for numbers in held.values()), default=0)
        last = max((int(numbers[-1]) for numbers in held.values()), default=-1)
        places = np.zeros(last - first + 1, dtype=np.uint16)
        for place, numbers in enumerate(held.values()):
            places[numbers - first] = place
        return cls(first, tuple(held), places)

    def languages(self, numbers: Sequence[int]) -> list[str]:
        """The language of each of numbers, all of which are here; for tens of them no array is worth making."""
        first, codes, places = self.first, self._codes, self._places
        return [codes[places[number - first]] for number in numbers]
