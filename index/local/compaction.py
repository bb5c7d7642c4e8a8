"""When vectors in memory become a segment, and which segments become one.

Sizes fall geometrically from the oldest segment to the newest: whatever is not three times as large as all that came
after it is merged with it. A passage is so linked into a graph some log3(n) times while a collection grows, and
once when it is filled in bulk; a search meets a handful of segments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index.local.manifest import Manifest
from index.local.segment import Segment
from index.local.view import View

__all__ = ["Merge", "next_merge"]

RATIO = 3
"""How many times larger a segment stays than all newer ones together."""

MOST_DEAD = 0.25
"""Share of dead rows past which a segment is made anew, so that space comes back."""


@dataclass(frozen=True, slots=True)
class Merge:
    """Make one segment of all passages numbered from first to last, in place of some there are (their names)."""

    first: int
    last: int
    replaces: frozenset[str]


def next_merge(view: View, last: int, seal_at: int, is_full: bool = False) -> Merge | None:
    """What to do next; None when all is well.

    last: the highest number given. seal_at: rows in memory that make a segment. is_full: everything into one segment.
    """
    segments = sorted(view.segments, key=lambda segment: segment.facts.first)
    kept = 0 if is_full else _kept(segments, len(view.tail))
    if gaps := list(Manifest(segments=[segment.facts for segment in segments]).gaps(last)):
        # A damaged segment leaves a gap whose passages stand in memory: what is sealed must reach back to it.
        kept = min(kept, sum(segment.facts.last < gaps[0][0] for segment in segments))
    is_due = len(view.tail) >= seal_at or any(_is_worn(segment) for segment in segments)
    is_one = kept == len(segments) - 1 and not len(view.tail) and segments and not segments[-1].dead
    if not (is_due or is_full) or is_one or (not segments and not len(view.tail)):
        return None
    first = segments[kept - 1].facts.last + 1 if kept else 1
    return Merge(first, last, frozenset(segment.facts.name for segment in segments[kept:]))


def _kept(segments: Sequence[Segment], newer: int) -> int:
    """How many of the oldest segments stay as they are."""
    kept = len(segments)
    for place in range(len(segments) - 1, -1, -1):
        alive = segments[place].facts.rows - segments[place].dead
        if _is_worn(segments[place]) or alive < RATIO * newer:
            kept = place
        newer += alive
    return kept


def _is_worn(segment: Segment) -> bool:
    return segment.dead > MOST_DEAD * segment.facts.rows
