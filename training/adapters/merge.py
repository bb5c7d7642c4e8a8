"""Our own group files: checked, filtered by language, joined."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from index.errors import Conflict
from training.adapters.tally import Tally
from training.groups import Group, read_groups

__all__ = ["merged"]


def merged(files: list[Path], languages: Collection[str] | None, tally: Tally) -> Iterator[Group]:
    """Yield the groups of several files.

    languages: keep only these codes; None keeps all.
    Raises NotFound, MalformedLine with the line number, Conflict when an id stands twice.
    """
    file_of: dict[str, Path] = {}
    for path in files:
        for group in read_groups(path):
            tally.rows += 1
            if group.id in file_of:
                raise Conflict(
                    f"The group id {group.id!r} stands in {file_of[group.id]} and again in {path}; ids must be unique. "
                    "Leave one of the files out, or prepare it anew with another --source.",
                    id=group.id,
                )
            file_of[group.id] = path
            kept = _in_languages(group, languages)
            if kept is None:
                tally.left_out["group without a question or passage in the languages named"] += 1
            else:
                yield kept


def _in_languages(group: Group, languages: Collection[str] | None) -> Group | None:
    if languages is None:
        return group
    questions = {code: text for code, text in group.questions.items() if code in languages}
    passages = {code: text for code, text in group.passages.items() if code in languages}
    negatives = {code: texts for code, texts in group.negatives.items() if code in languages}
    return (
        replace(group, questions=questions, passages=passages, negatives=negatives) if questions and passages else None
    )
