"""EntityQuestions: simple questions about entities, generated from Wikidata.

The set (github.com/princeton-nlp/EntityQuestions) has question and answers but no passages; those
come from a retriever run over Wikipedia. Read is what such a run writes: the set's own result
format, ctxs, a list of objects with title, text and has_answer; or DPR's training format,
positive_ctxs and hard_negative_ctxs, lists of objects with title and text. From ctxs the first
passage that has the answer is the right one and those without are negatives: a guess by word
match, as good as the retriever.
"""

from __future__ import annotations

from collections.abc import Iterator

from index.errors import InvalidInput
from training.adapters.adapter import Adapter, group_of
from training.adapters.language_choice import only_language
from training.adapters.origin import Origin
from training.adapters.rows import Row
from training.adapters.tally import Tally
from training.adapters.titled import titled_text
from training.groups import Group

__all__ = ["ENTITY_QUESTIONS"]

_NEGATIVES = 8
"""A retriever's result often lists a hundred passages; the highest are the hardest."""


def _read(origin: Origin, tally: Tally) -> Iterator[Group]:
    language = only_language(origin, "en")
    for row in origin.rows(tally):
        right, wrong = _passages(row)
        if not right:
            tally.left_out["question without a passage that has the answer"] += 1
            continue
        negatives = [titled_text(passage) for passage in wrong[:_NEGATIVES]]
        yield group_of(str(row.number), language, row.text("question"), titled_text(right[0]), negatives)


def _passages(row: Row) -> tuple[list[Row], list[Row]]:
    """The passages with and without the answer, best first."""
    if "ctxs" in row.values:
        judged = [(passage, passage.value("has_answer", "true or false", bool)) for passage in row.rows("ctxs")]
        return [passage for passage, has in judged if has], [passage for passage, has in judged if not has]
    if "positive_ctxs" in row.values:
        return row.rows("positive_ctxs"), row.rows("hard_negative_ctxs") if "hard_negative_ctxs" in row.values else []
    raise InvalidInput(
        f"{row.where} has {', '.join(sorted(row.values))} but no passages ('ctxs' or 'positive_ctxs'). "
        "EntityQuestions comes without any: run a retriever over Wikipedia, as its repository describes, "
        "and give the file with the results.",
        where=row.where,
    )


ENTITY_QUESTIONS = Adapter(
    name="entity-questions",
    hub_id=None,
    config=None,
    licence="see github.com/princeton-nlp/EntityQuestions; passages: Wikipedia, CC BY-SA",
    languages=("en",),
    fields="question; ctxs (title, text, has_answer) or positive_ctxs, hard_negative_ctxs (title, text)",
    becomes="one group; passages without the answer: up to 8 negatives",
    read=_read,
)
