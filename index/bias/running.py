"""What the searches of a collection have favoured so far, kept in memory while it is open."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from index.bias.means import Means

__all__ = ["OTHER", "Running", "Watched"]

OTHER = "other"
"""Where query languages beyond `_MOST_LANGUAGES` are counted: callers may name any of thousands."""

_MOST_LANGUAGES = 200


@dataclass
class _Asked:
    searches: int = 0
    total: np.ndarray | None = None
    hits: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Watched:
    """What searches in one language have favoured.

    hits: hit language → hits. offsets: language → the mean offset of the queries, against the passages of now.
    """

    query_language: str
    searches: int
    hits: dict[str, int]
    offsets: dict[str, float]


class Running:
    """Counts of one collection's searches; safe for threads. since: when it began, in UTC."""

    def __init__(self) -> None:
        self.since = datetime.now(UTC)
        self._lock = threading.Lock()
        self._asked: dict[str, _Asked] = {}

    @property
    def is_used(self) -> bool:
        """Whether anything was asked."""
        return bool(self._asked)

    def note(self, query_language: str, query: np.ndarray, hit_languages: Iterable[str]) -> None:
        """Count a search. query: (dim,) float32; offsets are linear in it, so the sum of the queries is enough."""
        with self._lock:
            if query_language not in self._asked and len(self._asked) >= _MOST_LANGUAGES:
                query_language = OTHER
            asked = self._asked.setdefault(query_language, _Asked())
            asked.searches += 1
            asked.hits.update(hit_languages)
            asked.total = query.astype(np.float64) if asked.total is None else asked.total + query

    def watched(self, means: Means) -> list[Watched]:
        """All of it, by query language. means: of the collection as it is now."""
        with self._lock:
            held = [
                (code, asked.searches, dict(asked.hits), asked.total)
                for code, asked in sorted(self._asked.items())
                if asked.total is not None
            ]
        if not held:
            return []
        offsets = means.offsets(np.array([total / searches for _, searches, _, total in held])).tolist()
        return [
            Watched(code, searches, dict(sorted(hits.items())), dict(zip(means.languages, row, strict=True)))
            for (code, searches, hits, _), row in zip(held, offsets, strict=True)
        ]
