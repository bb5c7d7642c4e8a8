"""The passages written last, in memory until a segment takes them over.

Vectors stand in one growing buffer per language. Only the writer appends, behind what any reader looks at, so
readers need no lock and an upsert copies nothing but what it adds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from index.local.number_languages import NumberLanguages
from index.local.part import Part, flat_over
from index.local.store import Numbers, Rows

__all__ = ["Tail"]

_FIRST_CAPACITY = 64


@dataclass(slots=True)
class _Buffer:
    """Room for one language's vectors, of which `size` are filled."""

    numbers: np.ndarray
    vectors: np.ndarray
    size: int = 0

    @classmethod
    def make(cls, capacity: int, dimension: int) -> Self:
        """An empty one."""
        return cls(np.empty(capacity, dtype=np.int64), np.empty((capacity, dimension), dtype=np.float32))

    def append(self, numbers: np.ndarray, vectors: np.ndarray) -> Self:
        """Put vectors behind those it holds; returns itself, or a larger one to take its place."""
        end = self.size + len(numbers)
        buffer = self
        if end > len(self.numbers):
            buffer = self.make(max(2 * len(self.numbers), end), self.vectors.shape[1])
            buffer.numbers[: self.size], buffer.vectors[: self.size] = (
                self.numbers[: self.size],
                self.vectors[: self.size],
            )
        buffer.numbers[self.size : end], buffer.vectors[self.size : end] = numbers, vectors
        buffer.size = end
        return buffer

    def part(self) -> Part:
        """What it holds now."""
        return Part(self.numbers[: self.size], flat_over(self.vectors[: self.size]))


@dataclass(frozen=True, slots=True)
class Tail:
    """Vectors in memory by language; never changes, a write makes a new one.

    Not safe for two writers at once; `LocalIndex` holds the lock.
    """

    dimension: int
    parts: dict[str, Part] = field(default_factory=dict)
    _buffers: dict[str, _Buffer] = field(default_factory=dict)
    _languages: list[NumberLanguages] = field(default_factory=list, compare=False)

    @property
    def languages(self) -> NumberLanguages:
        """The languages of its numbers; looked through when they are asked for."""
        if not self._languages:
            self._languages.append(NumberLanguages.of(self.parts))
        return self._languages[0]

    def __len__(self) -> int:
        """Rows held, dead ones too."""
        return sum(len(part.numbers) for part in self.parts.values())

    def with_rows(self, rows: Rows) -> Self:
        """The tail with more passages, numbered higher than any in it."""
        parts, buffers = dict(self.parts), dict(self._buffers)
        codes = np.array(rows.languages)
        for code in dict.fromkeys(rows.languages):
            chosen = codes == code
            buffer = buffers.get(code) or _Buffer.make(_FIRST_CAPACITY, self.dimension)
            buffers[code] = buffer.append(rows.numbers[chosen], rows.vectors[chosen])
            fresh, before = buffers[code].part(), parts.get(code)
            parts[code] = fresh if before is None or not before.dead else fresh.without(_dead(before))
        return type(self)(self.dimension, parts, buffers)

    def without(self, dropped: Numbers) -> Self:
        """The tail with these numbers dead."""
        return type(self)(self.dimension, _without(self.parts, dropped), self._buffers)

    def behind(self, number: int) -> Self:
        """A tail of its own with what is alive and numbered higher."""
        shorter = type(self)(self.dimension)
        for rows in self._rows(number):
            shorter = shorter.with_rows(rows)
        return shorter

    def _rows(self, number: int) -> Iterator[Rows]:
        for code, part in self.parts.items():
            kept = part.numbers > number
            kept &= True if part.alive is None else part.alive
            if kept.any():
                numbers = part.numbers[kept]
                vectors = self._buffers[code].vectors[: len(kept)][kept]
                yield Rows(numbers, [code] * len(numbers), vectors)


def _dead(part: Part) -> np.ndarray:
    assert part.alive is not None
    return np.asarray(part.numbers[~part.alive])


def _without(parts: Mapping[str, Part], dropped: Numbers) -> dict[str, Part]:
    return {code: part.without(dropped[code]) if code in dropped else part for code, part in parts.items()}
