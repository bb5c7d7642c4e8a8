"""Asking a collection every question in every language, under every merge rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from index.answer import Answer
from index.audit.questions import ParallelQuestion
from index.collection import Collection
from index.encoder import Embedded
from index.merging import Merge
from index.question import Question

__all__ = ["Asked", "Row", "ask", "rows_of"]

_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Row:
    """One question in one language; question: its place in the list."""

    question: int
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What came back for each row: ids of the hits, best first, and their languages."""

    ids: list[list[str]]
    languages: list[list[str]]


def rows_of(questions: Sequence[ParallelQuestion]) -> list[Row]:
    """Every question in every language it stands in."""
    return [
        Row(number, code, text)
        for number, question in enumerate(questions)
        for code, text in sorted(question.questions.items())
    ]


def ask(
    collection: Collection,
    rows: Sequence[Row],
    embedded: Embedded,
    depth: int,
    merge: Merge,
    done: Callable[[int], None],
) -> Asked:
    """Ask every row under one rule.

    embedded: the rows' texts as queries. depth: hits for each. done: told how many rows each step has answered.
    """
    asked = Asked([], [])
    for start in range(0, len(rows), _AT_ONCE):
        block = rows[start : start + _AT_ONCE]
        for answer in _answers(collection, block, _part(embedded, start, len(block)), depth, merge):
            asked.ids.append([hit.passage.id for hit in answer.hits])
            asked.languages.append([hit.passage.language for hit in answer.hits])
        done(len(block))
    return asked


def _answers(
    collection: Collection, rows: Sequence[Row], embedded: Embedded, depth: int, merge: Merge
) -> Iterator[Answer]:
    questions = [Question(row.text, depth, query_language=row.language, merge=merge) for row in rows]
    yield from collection.answer(questions, embedded)


def _part(embedded: Embedded, start: int, count: int) -> Embedded:
    rows = slice(start, start + count)
    return Embedded(embedded.vectors[rows], embedded.tokens[rows], embedded.truncated[rows])
