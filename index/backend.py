"""What holds a collection's passages and vectors, as `Collection` sees it.

`index/local/` keeps them in a folder of this machine; other backends keep them elsewhere. One
suite of tests (`tests/index/test_backends.py`) runs against all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from index.answer import Found, Hit
from index.bias.means import Means
from index.filters import Condition
from index.merging.lens import Lens
from index.merging.merge import Merge
from index.merging.statistics import Statistics
from index.passages import Passage
from index.question import Scope

__all__ = ["Block", "PassageIndex", "WordIndex"]


@dataclass(frozen=True, slots=True)
class Block:
    """Passages with their vectors, (n, dim) float32, as `scan` yields them."""

    passages: list[Passage]
    vectors: np.ndarray


class WordIndex(Protocol):
    """Search by words (`index/local/channel.py`), off until it is switched on."""

    def info(self) -> dict[str, Any]:
        """Whether it is "off", "building" or "ready", how much is done, and what went wrong last."""

    def switch(self, is_on: bool) -> None:
        """Switch it on or off; on, the passages there are taken in meanwhile."""

    def build(self) -> None:
        """Wait for, or help with, the taking in."""

    def require_ready(self) -> None:
        """Raise InvalidInput while it is off, Conflict until it is built."""

    def search(
        self, query: str, vector: np.ndarray, k: int, languages: Sequence[str], where: tuple[Condition, ...] = ()
    ) -> list[Hit]:
        """The k passages with the highest BM25, best first; vector: (dim,) float32, the query's, for their cosines."""

    def fused(
        self, query: str, vector: np.ndarray, k: int, language: str, where: tuple[Condition, ...] = ()
    ) -> list[Hit]:
        """The k best passages of one language by vectors and words together; empty where no word is shared."""


class PassageIndex(Protocol):
    """Passages and vectors of one collection, written durably and searched.

    Safe for threads. Vectors are L2-normalised, scores are cosines.
    """

    @property
    def lexical(self) -> WordIndex | None:
        """Search by words; None where the backend has none."""

    @property
    def name(self) -> str:
        """The collection's name."""

    def facts(self) -> dict[str, str]:
        """What the collection remembers of its making: encoder, fingerprint, dimension."""

    def counts(self) -> dict[str, int]:
        """Language → number of passages, sorted by code, languages without any left out."""

    def means(self) -> Means:
        """The mean vector of each language; asking again costs microseconds while nothing is written.

        Exact where the backend can keep sums, estimated from some thousand passages of each language where not.
        """

    def fields(self) -> set[str]:
        """Metadata fields a filter may name."""

    def upsert(self, passages: Sequence[Passage], vectors: np.ndarray) -> None:
        """Store passages, ids unique, replacing those whose id is known; all or none, durable on return.

        vectors: (n, dim) float32, L2-normalised.
        """

    def delete(self, ids: Sequence[str]) -> int:
        """Remove passages by id and return how many there were."""

    def get(self, ids: Sequence[str]) -> dict[str, Passage]:
        """Passages by id; ids that are not there are left out."""

    def search(self, vectors: np.ndarray, scope: Scope) -> list[list[Hit]]:
        """For each query vector its nearest passages, best first; ties are ordered by age, then id.

        vectors: (n, dim) float32, L2-normalised. Every hit obeys the scope.
        """

    def merged(self, lenses: Sequence[Lens], merge: Merge, statistics: Statistics, scope: Scope) -> list[list[Hit]]:
        """For each query the first k hits by a rule, in its order; every hit obeys the scope.

        lenses: one for each query, as the rule sees it. statistics: of the languages searched. A hit's score is its
        cosine to the query all the same.
        """

    def search_wider(self, vectors: np.ndarray, scope: Scope) -> list[Found]:
        """The hits `search` gives, with scores and languages of up to three times as many behind them."""

    def sample(self, language: str, most: int) -> np.ndarray:
        """Vectors of a language, (n, dim) float32, at most so many."""

    def remember(self, name: str, value: str | None) -> None:
        """Write down a fact that `facts` then tells, durable on return; None forgets it."""

    def derived(self) -> Path | None:
        """A folder for files that can be made again from the collection; None where there is none."""

    def scan(self, after: str | None = None, size: int = 1000) -> Iterator[Block]:
        """Yield all passages with vectors in blocks, in order of id; after: begin behind this id."""

    def bulk(self) -> AbstractContextManager[None]:
        """For writing many batches: what makes searching fast may wait until this ends, which may take minutes."""

    def info(self) -> dict[str, Any]:
        """Facts for people: how it is stored, what recall it promises and what was measured."""

    def close(self) -> None:
        """Let go; everything acknowledged is durable already."""
