"""WikiQA: Bing questions with the sentences of a Wikipedia section, marked right or wrong.

Fields (`microsoft/wiki_qa`): question_id text, question text, document_title text, answer text,
label 0 or 1. One question's rows stand together. Not fetched by the authors.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from training.adapters.adapter import Adapter, group_of
from training.adapters.language_choice import only_language
from training.adapters.origin import Origin
from training.adapters.rows import Row, SchemaDrift
from training.adapters.tally import Tally
from training.groups import Group

__all__ = ["WIKIQA"]


def _is_right(row: Row) -> bool:
    label = row.value("label", "0 or 1", int)
    if label not in (0, 1):
        raise SchemaDrift(
            f"{row.where}: field 'label' should be 0 or 1, found {label}.", where=row.where, field="label"
        )
    return bool(label)


def _read(origin: Origin, tally: Tally) -> Iterator[Group]:
    language = only_language(origin, "en")
    rows = origin.rows(tally)
    for _, members in groupby(rows, key=lambda row: row.value("question_id", "a text or number", str, int)):
        judged = [(row, _is_right(row)) for row in members]
        wrong = [row.text("answer") for row, is_right in judged if not is_right]
        right = [row for row, is_right in judged if is_right]
        if not right:
            tally.left_out["row of a question without a right sentence"] += len(judged)
        for row in right:
            yield group_of(str(row.number), language, row.text("question"), row.text("answer"), wrong)


WIKIQA = Adapter(
    name="wikiqa",
    hub_id="microsoft/wiki_qa",
    config=None,
    licence="Microsoft Research data licence",
    languages=("en",),
    fields="question_id, question, answer, label",
    becomes="a right sentence: one group; the question's wrong sentences: negatives",
    read=_read,
)
