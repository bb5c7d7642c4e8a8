"""Counts of a job, by language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

__all__ = ["OUTCOMES", "Tally"]

OUTCOMES = ("written", "skipped", "rejected")
"""What became of what was read. What was read is their sum."""


class Tally(BaseModel):
    """Language → passages, by what became of them. A row that could not be read counts as one.

    skipped: stored already, just so. truncated: of those written, longer than the encoder reads.
    unidentified: of those rejected, without an id that can be read. removed: by `sync`.
    """

    model_config = ConfigDict(extra="forbid")

    written: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    rejected: Counter[str] = Counter()
    truncated: int = 0
    unidentified: int = 0
    removed: int = 0

    def add(self, outcome: str, languages: Iterable[str]) -> None:
        """Count passages of these languages."""
        getattr(self, outcome).update(languages)

    def plus(self, other: Tally) -> Tally:
        """The sum of two."""
        return Tally(
            **{outcome: getattr(self, outcome) + getattr(other, outcome) for outcome in OUTCOMES},
            truncated=self.truncated + other.truncated,
            unidentified=self.unidentified + other.unidentified,
            removed=self.removed + other.removed,
        )

    @property
    def read(self) -> int:
        """Passages and unreadable rows read."""
        return sum(getattr(self, outcome).total() for outcome in OUTCOMES)

    def by_language(self) -> dict[str, dict[str, int]]:
        """Language → read, written, skipped, rejected."""
        codes = sorted({code for outcome in OUTCOMES for code in getattr(self, outcome)})
        table = {code: {outcome: int(getattr(self, outcome)[code]) for outcome in OUTCOMES} for code in codes}
        return {code: {"read": sum(counts.values()), **counts} for code, counts in table.items()}
