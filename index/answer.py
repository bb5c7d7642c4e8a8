"""What a search answers: hits, the query's language, and what the hits favour."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import repeat
from typing import Any, Self

from index.bias import BiasReport, LanguageShare
from index.languages import DetectedLanguage
from index.merging.merge import Merge
from index.merging.rules import SCORE
from index.passages import Passage
from index.question import Mode

__all__ = ["Answer", "Found", "Hit"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found and its cosine similarity to the query, -1 to 1.

    lexical_score: BM25, 0 or more; None where words were not asked or do not match. rerank_score: what a reranker
    gave, more is better; None where none was asked.
    """

    passage: Passage
    score: float
    lexical_score: float | None = None
    rerank_score: float | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Hits, and what stands just behind them.

    hits: best first. scores, languages: of all that was found, best first; those of the hits come first.
    """

    hits: list[Hit]
    scores: list[float]
    languages: list[str]

    @classmethod
    def of(cls, hits: list[Hit]) -> Self:
        """Hits with nothing behind them."""
        return cls(hits, [hit.score for hit in hits], [hit.passage.language for hit in hits])


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search found.

    query_language: which language the query is in and how that was decided; it never limits the search.
    languages: the languages searched. shares: what the hits favour, per language searched.
    truncated: whether the query was longer than the encoder reads. bias: None unless it was asked for. mode: what
    decided. merge: the rule that put the hits of the vectors in order.
    """

    hits: list[Hit]
    query_language: DetectedLanguage
    languages: list[str]
    shares: list[LanguageShare]
    truncated: bool
    bias: BiasReport | None = None
    mode: Mode = "dense"
    merge: Merge = SCORE

    def as_json(self) -> dict[str, Any]:
        """The answer as plain data: the shape `POST /search` and `isoglot search --json` give."""
        return {
            "hits": [
                _hit_json(hit, rank)
                for hit, rank in zip(self.hits, self.bias.offset_ranks if self.bias else repeat(None), strict=False)
            ],
            "query_language": asdict(self.query_language),
            "languages": self.languages,
            "shares": [share.as_json() for share in self.shares],
            "truncated": self.truncated,
            "bias": None if self.bias is None else self.bias.as_json(),
            "mode": self.mode,
            "merge": self.merge.as_json(),
        }


def _hit_json(hit: Hit, offset_rank: int | None) -> dict[str, Any]:
    return {
        **asdict(hit.passage),
        "score": hit.score,
        "lexical_score": hit.lexical_score,
        "rerank_score": hit.rerank_score,
        "offset_rank": offset_rank,
    }
