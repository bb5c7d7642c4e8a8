"""What became of the rows: how many were read, what was left out and why, what was written."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

__all__ = ["Tally"]


@dataclass(slots=True)
class Tally:
    """Counts of one run.

    rows: read from the data set. left_out: reason → rows, texts or groups that are not in the output.
    groups: written. texts: language → questions and passages written.
    """

    rows: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    groups: int = 0
    texts: Counter[str] = field(default_factory=Counter)

    def summary(self) -> str:
        """Say it all in a line."""
        languages = ", ".join(f"{code} {count:,}" for code, count in sorted(self.texts.items()))
        parts = [f"{self.groups:,} groups from {self.rows:,} rows; questions and passages: {languages or 'none'}."]
        if left_out := +self.left_out:
            parts.append(f"Left out: {', '.join(f'{count:,} × {why}' for why, count in left_out.most_common())}.")
        return " ".join(parts)
