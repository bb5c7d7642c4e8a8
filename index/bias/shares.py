"""What a list of hits favours: each language's share of the hits beside its share of the pool."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["LanguageShare", "language_shares"]


@dataclass(frozen=True, slots=True)
class LanguageShare:
    """One language's part in an answer.

    hits: number of hits. hit_share: its share of all hits, 0 to 1, 0 when there are none.
    pool_share: its share of the passages searched, 0 to 1.
    """

    language: str
    hits: int
    hit_share: float
    pool_share: float

    def as_json(self) -> dict[str, str | int | float]:
        """The same as plain data; `asdict` takes ten times as long, and there are as many as languages."""
        return {
            "language": self.language,
            "hits": self.hits,
            "hit_share": self.hit_share,
            "pool_share": self.pool_share,
        }


def language_shares(hit_languages: Sequence[str], pool: Mapping[str, int]) -> list[LanguageShare]:
    """Shares of every language searched, most hits first.

    pool: language → passages searched.

    >>> language_shares(["de", "de", "th"], {"de": 30, "th": 60, "en": 10})[0]
    LanguageShare(language='de', hits=2, hit_share=0.6667, pool_share=0.3)
    """
    hits, total = Counter(hit_languages), sum(pool.values())
    # Most of many languages have no hit, and a search waits for this.
    ranked = sorted([(-hits.get(code, 0), code, size) for code, size in pool.items()])
    return [
        LanguageShare(code, -rank, round(-rank / len(hit_languages), 4) if rank else 0.0, round(size / total, 4))
        for rank, code, size in ranked
    ]
