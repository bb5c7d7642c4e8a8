"""What a local collection tells people about itself."""

from __future__ import annotations

from typing import Any

from index.local.build import LINKS, Shape
from index.local.effort import EVERYTHING
from index.local.opening import Opened
from index.local.recall import DEPTH
from index.local.segment import Segment

__all__ = ["describe"]


def describe(opened: Opened, shape: Shape, fault: str | None) -> dict[str, Any]:
    """Facts for `GET /collections/NAME` and `isoglot check`.

    fault: why sealing failed last; None when it did not.
    """
    segments = opened.view.segments
    measured = {code: recall for segment in segments for code, recall in segment.facts.recall.items()}
    worst = {c: min(s.facts.recall.get(c, 1.0) for s in segments) for c in sorted(measured)}
    return {
        "backend": "local",
        "storage": shape.storage,
        "recall": {
            "promised": shape.recall,
            "at": DEPTH,
            "measured": {("all" if code == EVERYTHING else code): recall for code, recall in worst.items()},
            "exact": sorted(code for code in opened.view.counts() if code not in worst),
        },
        "segments": [_segment(segment) for segment in segments],
        "in_memory": len(opened.view.tail),
        "bytes": {
            "mapped": sum(file.bytes for segment in segments for file in segment.facts.files.values()),
            "in_memory": 4 * opened.view.tail.dimension * len(opened.view.tail),
        },
        "rebuilt": opened.rebuilt,
        "fault": fault,
    }


def _segment(segment: Segment) -> dict[str, Any]:
    facts = segment.facts
    return {
        "passages": facts.rows - segment.dead,
        "dead": segment.dead,
        "storage": facts.storage,
        "graph": {"links": LINKS[facts.storage], "effort": facts.effort[EVERYTHING]}
        if EVERYTHING in facts.effort
        else None,
        "bytes": sum(file.bytes for file in facts.files.values()),
        "build_seconds": facts.build_seconds,
    }
