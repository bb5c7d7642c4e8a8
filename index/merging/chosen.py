"""The rule a collection has for searches that name none, kept among its facts."""

from __future__ import annotations

import json
import time
from typing import Protocol

from index.merging.merge import Merge
from index.merging.rules import SCORE, parse_merge

__all__ = ["MERGE_RULE", "ChosenRule"]

MERGE_RULE = "merge"
"""The fact that holds the rule, as JSON."""

_SECONDS = 5.0
"""For how long it is taken as known: another process may set it."""


class _Facts(Protocol):
    """What this needs of an index."""

    def facts(self) -> dict[str, str]:
        """What the collection remembers."""

    def remember(self, name: str, value: str | None) -> None:
        """Write down a fact; None forgets it."""


class ChosenRule:
    """Reads and sets the rule of one collection."""

    def __init__(self, index: _Facts) -> None:
        self._index = index
        self._known: tuple[float, Merge] | None = None

    def get(self) -> Merge:
        """The rule: raw scores unless one was set."""
        known = self._known
        if known is None or time.monotonic() - known[0] > _SECONDS:
            held = self._index.facts().get(MERGE_RULE)
            known = self._known = (time.monotonic(), SCORE if held is None else parse_merge(json.loads(held)))
        return known[1]

    def set(self, merge: Merge | None) -> None:
        """Set the rule, on disk on return; None goes back to raw scores."""
        self._index.remember(MERGE_RULE, None if merge is None else json.dumps(merge.as_json()))
        self._known = None
