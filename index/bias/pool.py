"""What a report knows of the passages searched: means, chance and samples of some languages of a collection."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from index.bias.chance import Chance
from index.bias.means import Means

__all__ = ["Pool", "Pools", "Samples"]

_DRIFT = 0.1
"""Chance and samples are made anew when a language has become larger or smaller by this share."""

_OF_A_LANGUAGE = 256
_OF_THE_POOL = 512
"""Vectors in a sample."""

_CHOICES = 32
"""Choices of languages that are remembered."""


class Samples:
    """Vectors of languages, read when first asked for, and what chance would do, for sizes that no longer quite hold.

    read: language and number → that many of its vectors, (n, dim) float32, or all it has.
    """

    def __init__(self, means: Means, read: Callable[[str, int], np.ndarray]) -> None:
        self.counts, self._languages, self._read = means.counts, means.languages, read
        self._shares, self.total = means.shares, int(means.counts.sum())
        self._vectors: dict[str, np.ndarray] = {}
        self._chances: dict[int, Chance] = {}

    def fit(self, means: Means) -> bool:
        """Whether they may stand for a pool of these means."""
        return means.languages == self._languages and bool(
            (np.abs(means.counts - self.counts) <= _DRIFT * self.counts).all()
        )

    def chance(self, hits: int) -> Chance:
        """What so many hits would be by chance."""
        if hits not in self._chances:
            self._chances[hits] = Chance(self.counts, hits)
        return self._chances[hits]

    def of(self, language: str) -> np.ndarray:
        """Some vectors of one language, (n, dim) float32."""
        if language not in self._vectors:
            self._vectors[language] = self._read(language, _OF_A_LANGUAGE)
        return self._vectors[language]

    @cached_property
    def of_pool(self) -> tuple[np.ndarray, dict[str, slice]]:
        """Some vectors of all languages by their shares, (n, dim) float32, and where each language's stand."""
        rng = np.random.default_rng(0)
        wanted = {
            c: n
            for c, n in zip(self._languages, rng.multinomial(_OF_THE_POOL, self._shares).tolist(), strict=True)
            if n
        }
        # Some of more than are wanted, because a backend may give fewer than it is asked for.
        read = [self._read(code, 2 * count) for code, count in wanted.items()]
        blocks = [
            rng.choice(block, min(count, len(block)), replace=False, axis=0)
            for block, count in zip(read, wanted.values(), strict=True)
        ]
        ends = np.cumsum([len(block) for block in blocks]).tolist()
        return np.concatenate(blocks), dict(zip(wanted, map(slice, [0, *ends[:-1]], ends), strict=True))


@dataclass(frozen=True)
class Pool:
    """The passages of the languages searched. ahead: (L, dim) float32, `Means.ahead` for many products."""

    means: Means
    samples: Samples

    @cached_property
    def ahead(self) -> np.ndarray:
        """`Means.ahead` as the queries are, (L, dim) float32: half the memory to read."""
        return self.means.ahead.astype(np.float32)

    @cached_property
    def shares(self) -> list[float]:
        """Each language's share, as numbers that need no array."""
        return list(self.means.shares.tolist())

    @cached_property
    def places(self) -> dict[str, int]:
        """Language → its place in every array."""
        return {code: place for place, code in enumerate(self.means.languages)}


class Pools:
    """The pools of one collection, by the languages chosen; safe for threads.

    means: gives the collection's means. read: as `Samples` has it.
    """

    def __init__(self, means: Callable[[], Means], read: Callable[[str, int], np.ndarray]) -> None:
        self._means, self._read = means, read
        self._lock = threading.Lock()
        self._known: dict[tuple[str, ...] | None, tuple[Means, Pool]] = {}

    def of(self, languages: tuple[str, ...] | None) -> Pool:
        """The pool of some languages, of all for None, as of now."""
        means = self._means()
        known = self._known.get(languages)
        if known is not None and known[0] is means:
            return known[1]
        with self._lock:
            chosen = means if languages is None else means.among(languages)
            kept = known is not None and known[1].samples.fit(chosen)
            samples = known[1].samples if known is not None and kept else Samples(chosen, self._read)
            pool = Pool(chosen, samples)
            if len(self._known) >= _CHOICES:
                self._known.clear()
            self._known[languages] = (means, pool)
            return pool
