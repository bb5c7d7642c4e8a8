"""What an audit found, kept with its collection, so that later searches can be compared with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Protocol

from index.bias.running import Watched
from index.errors import DamagedCollection

__all__ = ["BASELINE", "Baseline", "Drift", "drift"]

BASELINE = "bias_baseline"
"""The fact in which a collection remembers its baseline, as JSON."""


class _Remembering(Protocol):
    """What a `PassageIndex` is to a baseline."""

    @property
    def name(self) -> str:
        """The collection's name."""

    def facts(self) -> dict[str, str]:
        """What it remembers."""

    def remember(self, name: str, value: str | None) -> None:
        """Remember one thing more; None forgets it."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Mean offsets by query language as of an audit.

    made: when, ISO 8601 in UTC. queries: query language → queries asked in it. offsets: query language → language →
    their mean offset.
    """

    made: str
    queries: dict[str, int]
    offsets: dict[str, dict[str, float]]

    @classmethod
    def of(cls, made: str, watched: Sequence[Watched]) -> Baseline:
        """From what the audit's own searches favoured."""
        queries = {each.query_language: each.searches for each in watched}
        return cls(made, queries, {each.query_language: dict(each.offsets) for each in watched})

    @classmethod
    def read(cls, index: _Remembering) -> Baseline | None:
        """A collection's baseline; None before its first audit. Raises DamagedCollection when it cannot be read."""
        held = index.facts().get(BASELINE)
        if held is None:
            return None
        try:
            return cls(**json.loads(held))
        except (ValueError, TypeError) as error:
            raise DamagedCollection(
                f"The baseline of collection {index.name!r} cannot be read ({error}); audit it again.",
                collection=index.name,
            ) from error

    def save(self, index: _Remembering) -> None:
        """Keep it with the collection, in the place of the last one, on disk on return."""
        index.remember(BASELINE, json.dumps(asdict(self)))


@dataclass(frozen=True, slots=True)
class Drift:
    """How one mean offset has changed since the baseline: now − before."""

    query_language: str
    language: str
    before: float
    now: float

    @property
    def change(self) -> float:
        """What it is now, less what it was before."""
        return self.now - self.before


def drift(baseline: Baseline, watched: Sequence[Watched]) -> list[Drift]:
    """All changes of mean offsets that both know, the largest first."""
    changes = [
        Drift(each.query_language, code, before, each.offsets[code])
        for each in watched
        for code, before in baseline.offsets.get(each.query_language, {}).items()
        if code in each.offsets
    ]
    return sorted(changes, key=lambda change: -abs(change.change))
