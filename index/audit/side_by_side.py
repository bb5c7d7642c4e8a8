"""The questions whose answers change most with the language they are asked in, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from statistics import fmean

from index.audit.asking import Asked, Row
from index.audit.measuring import overlap
from index.audit.questions import ParallelQuestion
from index.audit.result import HitSeen, SideBySide
from index.collection import Collection
from index.passages import Passage

__all__ = ["worst_of"]

_SHOWN = 3
_CHARACTERS = 160


def worst_of(
    collection: Collection, questions: Sequence[ParallelQuestion], rows: Sequence[Row], asked: Asked, most: int
) -> list[SideBySide]:
    """At most so many questions of two languages or more, least agreement first."""
    members: dict[int, list[int]] = {}
    for place, row in enumerate(rows):
        members.setdefault(row.question, []).append(place)
    scored = [
        (fmean(overlap(asked.ids[a], asked.ids[b]) for a, b in combinations(places, 2)), number)
        for number, places in members.items()
        if len(places) > 1
    ]
    worst = sorted(scored)[:most]
    shown = {i for _, number in worst for place in members[number] for i in asked.ids[place][:_SHOWN]}
    passages = collection.get(sorted(shown))
    return [
        SideBySide(
            id=questions[number].id,
            overlap=round(agreement, 4),
            questions=questions[number].questions,
            hits={rows[p].language: _seen(asked.ids[p], passages, questions[number]) for p in members[number]},
        )
        for agreement, number in worst
    ]


def _seen(ids: Sequence[str], passages: dict[str, Passage], question: ParallelQuestion) -> list[HitSeen]:
    relevant = set(question.relevant or ())
    found = [passages[identity] for identity in ids[:_SHOWN] if identity in passages]
    return [
        HitSeen(id=p.id, language=p.language, title=p.title, text=_begin(p.text), is_relevant=p.id in relevant)
        for p in found
    ]


def _begin(text: str) -> str:
    return text if len(text) <= _CHARACTERS else text[: _CHARACTERS - 1] + "…"
