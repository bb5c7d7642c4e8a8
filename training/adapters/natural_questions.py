"""Natural Questions as pairs: Google queries with the Wikipedia passage that answers them.

Fields (`sentence-transformers/natural-questions`): query text, answer text, which is the passage.
Not fetched by the authors.
"""

from __future__ import annotations

from collections.abc import Iterator

from training.adapters.adapter import Adapter, group_of
from training.adapters.language_choice import only_language
from training.adapters.origin import Origin
from training.adapters.tally import Tally
from training.groups import Group

__all__ = ["NATURAL_QUESTIONS"]


def _read(origin: Origin, tally: Tally) -> Iterator[Group]:
    language = only_language(origin, "en")
    for row in origin.rows(tally):
        yield group_of(str(row.number), language, row.text("query"), row.text("answer"))


NATURAL_QUESTIONS = Adapter(
    name="natural-questions",
    hub_id="sentence-transformers/natural-questions",
    config=None,
    licence="CC BY-SA 3.0",
    languages=("en",),
    fields="query, answer",
    becomes="one group",
    read=_read,
)
