"""DuoRC: questions about movie plots.

Fields (`ibm-research/duorc`, SelfRC): plot text, question text, answers list of texts, no_answer bool.
Plots are long and answers are written freely: the passage is the part of the plot around the
first answer that stands in it word for word; rows without one are left out. Not fetched by the authors.
"""

from __future__ import annotations

from collections.abc import Iterator

from training.adapters.adapter import Adapter, group_of
from training.adapters.language_choice import only_language
from training.adapters.origin import Origin
from training.adapters.span import answer_position, span_passage
from training.adapters.tally import Tally
from training.groups import Group

__all__ = ["DUORC"]


def _read(origin: Origin, tally: Tally) -> Iterator[Group]:
    language = only_language(origin, "en")
    for row in origin.rows(tally):
        plot, answers = row.text("plot"), row.texts("answers")
        if row.value("no_answer", "true or false", bool):
            tally.left_out["question without an answer"] += 1
        elif (span := answer_position(plot, answers)) is None:
            tally.left_out["answer not word for word in the plot"] += 1
        else:
            yield group_of(str(row.number), language, row.text("question"), span_passage(plot, *span))


DUORC = Adapter(
    name="duorc",
    hub_id="ibm-research/duorc",
    config="SelfRC",
    licence="MIT",
    languages=("en",),
    fields="plot, question, answers, no_answer",
    becomes="one group; passage: the part of the plot around the answer",
    read=_read,
)
