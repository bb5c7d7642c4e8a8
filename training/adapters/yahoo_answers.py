"""Yahoo! Answers: questions of the site's users with the answer chosen as best.

Three versions are read, told apart by their fields: `community-datasets/yahoo_answers_topics`
(question_title, best_answer), `sentence-transformers/yahoo-answers` (title, answer) and
`yahoo_answers_qa` (question, answer). The title alone is the question: details that users
added below it often run longer than an answer. Not fetched by the authors.
"""

from __future__ import annotations

from collections.abc import Iterator

from training.adapters.adapter import Adapter, group_of
from training.adapters.language_choice import only_language
from training.adapters.origin import Origin
from training.adapters.tally import Tally
from training.groups import Group

__all__ = ["YAHOO_ANSWERS"]


def _read(origin: Origin, tally: Tally) -> Iterator[Group]:
    language = only_language(origin, "en")
    for row in origin.rows(tally):
        question = row.text(row.present("question_title", "title", "question"))
        yield group_of(str(row.number), language, question, row.text(row.present("best_answer", "answer")))


YAHOO_ANSWERS = Adapter(
    name="yahoo-answers",
    hub_id="community-datasets/yahoo_answers_topics",
    config=None,
    licence="Yahoo! Webscope, research only",
    languages=("en",),
    fields="question_title or title or question; best_answer or answer",
    becomes="one group",
    read=_read,
)
