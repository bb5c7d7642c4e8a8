"""What a search answers: hits, the query's language, and what the hits favour."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from index.bias import LanguageShare
from index.languages import DetectedLanguage
from index.merging.merge import Merge
from index.merging.rules import SCORE
from index.passages import Passage

__all__ = ["Answer", "Hit"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found and its cosine similarity to the query, -1 to 1."""

    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search found.

    query_language: which language the query is in and how that was decided; it never limits the search.
    languages: the languages searched. shares: what the hits favour, per language searched.
    truncated: whether the query was longer than the encoder reads. merge: the rule that put the hits in order.
    """

    hits: list[Hit]
    query_language: DetectedLanguage
    languages: list[str]
    shares: list[LanguageShare]
    truncated: bool
    merge: Merge = SCORE

    def as_json(self) -> dict[str, Any]:
        """The answer as plain data: the shape `POST /search` and `isoglot search --json` give."""
        return {
            "hits": [{**asdict(hit.passage), "score": hit.score} for hit in self.hits],
            "query_language": asdict(self.query_language),
            "languages": self.languages,
            "shares": [asdict(share) for share in self.shares],
            "truncated": self.truncated,
            "merge": self.merge.as_json(),
        }
