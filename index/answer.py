"""What a search answers: hits, the query's language, and what the hits favour."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import repeat
from typing import Any

import numpy as np

from index.bias import BiasReport, LanguageShare
from index.languages import DetectedLanguage
from index.passages import Passage

__all__ = ["Answer", "Found", "Hit"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found and its cosine similarity to the query, -1 to 1."""

    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class Found:
    """Hits, and what stands just behind them.

    hits: best first. scores, languages: of all that was found, (m,) each, best first; those of the hits come first.
    """

    hits: list[Hit]
    scores: np.ndarray
    languages: list[str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search found.

    query_language: which language the query is in and how that was decided; it never limits the search.
    languages: the languages searched. shares: what the hits favour, per language searched.
    truncated: whether the query was longer than the encoder reads. bias: None unless it was asked for.
    """

    hits: list[Hit]
    query_language: DetectedLanguage
    languages: list[str]
    shares: list[LanguageShare]
    truncated: bool
    bias: BiasReport | None = None

    def as_json(self) -> dict[str, Any]:
        """The answer as plain data: the shape `POST /search` and `isoglot search --json` give."""
        return {
            "hits": [
                {**asdict(hit.passage), "score": hit.score, "offset_rank": rank}
                for hit, rank in zip(self.hits, self.bias.offset_ranks if self.bias else repeat(None), strict=False)
            ],
            "query_language": asdict(self.query_language),
            "languages": self.languages,
            "shares": [asdict(share) for share in self.shares],
            "truncated": self.truncated,
            "bias": None if self.bias is None else self.bias.as_json(),
        }
