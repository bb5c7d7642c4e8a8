"""The best scores first, whatever their language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from index.merging.merge import Merge

__all__ = ["Score"]


@dataclass(frozen=True)
class Score(Merge):
    """Cosines as the encoder gives them: languages that start ahead stay ahead."""

    rule: ClassVar[str] = "score"
    source: ClassVar[str] = "raw-score merging: Voorhees, Gupta and Johnson-Laird, SIGIR 1995"
