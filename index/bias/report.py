"""What one answer favours, in numbers and in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

__all__ = ["BiasReport"]

_NAMED = 4
"""Of more languages with equally many hits, none is named."""


@dataclass(frozen=True)
class BiasReport:
    """One answer's report. Arrays go by `languages`, the languages searched; docs/bias.md explains every field.

    passages: (L,) int64, the pool. hit_places: of each hit, the place of its language. offsets: (L,) float32, the score
    by which a random passage of each language starts ahead of one of the pool with this query. ndkl: None without hits.
    ndkl_by_chance: its 95th percentile when chance draws the hits. offset_ranks: of each hit, from 1, among all found
    with offsets removed; None for one that would not be among the first. warning: None while nothing is wrong beyond a
    documented bound.
    """

    languages: tuple[str, ...]
    passages: np.ndarray
    hit_places: tuple[int, ...]
    offsets: np.ndarray
    ndkl: float | None
    ndkl_by_chance: float | None
    offset_ranks: tuple[int | None, ...]
    warning: str | None

    @cached_property
    def hits(self) -> np.ndarray:
        """Hits in each language, (L,) int64."""
        return np.bincount(np.array(self.hit_places, dtype=np.int64), minlength=len(self.languages))

    @property
    def spread(self) -> float:
        """How far the luckiest language starts ahead of the unluckiest."""
        return float(self.offsets.max() - self.offsets.min()) if len(self.offsets) else 0.0

    @property
    def sentence(self) -> str:
        """The report in a sentence."""
        total = int(self.hits.sum())
        if not total:
            return "Nothing was found, so nothing is favoured."
        if len(self.languages) == 1:
            return f"Only {self.languages[0]} was searched, so there is no other language to be ahead of."
        told = self._leaders(total)
        lost = sum(rank is None for rank in self.offset_ranks)
        if not lost:
            return f"{told}; every hit would also be found if no language started ahead."
        return f"{told}; {lost} of the hits would not be found if no language started ahead."

    def _leaders(self, total: int) -> str:
        """Who has most hits, and of the passages: one language, or as many as have equally many hits."""
        most = int(self.hits.max())
        places = np.flatnonzero(self.hits == most)
        share = f"{self.passages[places].sum() / self.passages.sum():.1%} of the passages searched"
        if len(places) == 1:
            return f"{self.languages[places[0]]} has {most} of {total} hits and {share}"
        if most * len(places) == total:
            return f"The {total} hits are spread evenly, {most} each in {len(places)} languages that have {share}"
        if len(places) > _NAMED:
            return f"No language leads: {len(places)} have {most} of {total} hits each, and together {share}"
        *others, last = (self.languages[place] for place in places)
        named = f"{', '.join(others)} and {last}"
        return f"No language leads: {named} have {most} of {total} hits each, and together {share}"

    def as_json(self) -> dict[str, Any]:
        """The report as plain data, languages with most hits first; ranks stand with their hits instead."""
        order = np.lexsort((np.arange(len(self.hits)), -self.hits)).tolist()
        total, pool = int(self.hits.sum()), int(self.passages.sum())
        passages, hits, offsets = self.passages.tolist(), self.hits.tolist(), self.offsets.tolist()
        return {
            "languages": [
                {
                    "language": self.languages[place],
                    "passages": passages[place],
                    "pool_share": round(passages[place] / pool, 6),
                    "hits": hits[place],
                    "hit_share": round(hits[place] / total, 6) if total else 0.0,
                    "lift": round(hits[place] * pool / (total * passages[place]), 4) if total else None,
                    "offset": round(offsets[place], 6),
                }
                for place in order
            ],
            "ndkl": None if self.ndkl is None else round(self.ndkl, 6),
            "ndkl_by_chance": None if self.ndkl_by_chance is None else round(self.ndkl_by_chance, 6),
            "spread": round(self.spread, 6),
            "sentence": self.sentence,
            "warning": self.warning,
        }
