"""What a search asks, checked: the shape every backend and every door shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from index.errors import InvalidInput
from index.filters import Condition, parse_filter
from index.languages import language_codes
from index.merging.merge import Merge

__all__ = ["MAX_HITS", "Question", "Scope"]

MAX_HITS = 1000
"""Most hits one search may ask for."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where to look and how far; questions of equal scope are searched together.

    languages: only passages in these; None means all. where: conditions on metadata, all of which must hold.
    """

    k: int
    languages: tuple[str, ...] | None = None
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A query and where to look for its passages.

    k: number of hits. languages: only passages in these; None means all. query_language: None has it
    detected. where: a filter on metadata as `index/filters.py` describes it; None means none. merge: the rule
    that makes one list of several languages; None takes the collection's. bias: whether the answer reports what it
    favours.
    """

    query: str
    k: int = 10
    languages: Sequence[str] | None = None
    query_language: str | None = None
    where: dict[str, Any] | None = None
    merge: Merge | None = None
    bias: bool = False

    def scope(self) -> Scope:
        """The checked scope; raises InvalidInput or UnknownLanguage for what no collection could answer."""
        if not 1 <= self.k <= MAX_HITS:
            raise InvalidInput(f"k is {self.k}; it must be from 1 to {MAX_HITS}.", k=self.k, limit=MAX_HITS)
        if self.languages is not None and not self.languages:
            raise InvalidInput("languages is an empty list; leave it out to search all, or name at least one.")
        codes = None if self.languages is None else tuple(language_codes(self.languages))
        return Scope(self.k, codes, parse_filter(self.where))
