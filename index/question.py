"""What a search asks, checked: the shape every backend and every door shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from index.errors import InvalidInput
from index.filters import Condition, parse_filter
from index.languages import language_codes

if TYPE_CHECKING:  # the client needs questions, and neither NumPy nor FAISS
    from index.merging.merge import Merge

__all__ = ["MAX_HITS", "RERANKED", "Mode", "Question", "Scope"]

MAX_HITS = 1000
"""Most hits one search may ask for."""

RERANKED = 50
"""Hits that a reranker reads unless a question says otherwise."""

Mode = Literal["dense", "lexical", "hybrid"]
"""Search by vectors, by words, or by both (`index/lexical/hybrid.py`)."""


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
    detected. where: a filter on metadata as `index/filters.py` describes it; None means none. bias: whether the
    answer reports what it favours. mode: what decides. rerank: whether a cross-encoder reads the first
    `rerank_candidates` hits and puts them in order. merge: the rule that makes one list of several languages, of what
    the vectors find; None takes the collection's.
    """

    query: str
    k: int = 10
    languages: Sequence[str] | None = None
    query_language: str | None = None
    where: dict[str, Any] | None = None
    bias: bool = False
    mode: Mode = "dense"
    rerank: bool = False
    rerank_candidates: int = RERANKED
    merge: Merge | None = None

    def scope(self) -> Scope:
        """The checked scope; raises InvalidInput or UnknownLanguage for what no collection could answer."""
        if not 1 <= self.k <= MAX_HITS:
            raise InvalidInput(f"k is {self.k}; it must be from 1 to {MAX_HITS}.", k=self.k, limit=MAX_HITS)
        if self.languages is not None and not self.languages:
            raise InvalidInput("languages is an empty list; leave it out to search all, or name at least one.")
        if self.mode not in get_args(Mode):
            raise InvalidInput(f"mode is {str(self.mode)[:40]!r}; use one of {', '.join(get_args(Mode))}.")
        if not 1 <= self.rerank_candidates <= MAX_HITS:
            raise InvalidInput(
                f"rerank_candidates is {self.rerank_candidates}; it must be from 1 to {MAX_HITS}.", limit=MAX_HITS
            )
        if self.mode == "lexical" and self.merge is not None and self.merge.rule != "score":
            raise InvalidInput(
                f"merge {self.merge.rule!r} corrects what vectors find; mode 'lexical' asks none. Use mode 'hybrid', "
                "where the rule decides the places of languages, or leave merge out."
            )
        codes = None if self.languages is None else tuple(language_codes(self.languages))
        k = max(self.k, self.rerank_candidates) if self.rerank else self.k
        return Scope(k, codes, parse_filter(self.where))
