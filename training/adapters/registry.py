"""All data sets by name."""

from __future__ import annotations

from index.errors import InvalidInput
from training.adapters.adapter import Adapter
from training.adapters.duorc import DUORC
from training.adapters.entity_questions import ENTITY_QUESTIONS
from training.adapters.mfaq import MFAQ
from training.adapters.mmarco import MMARCO
from training.adapters.mr_tydi import MR_TYDI
from training.adapters.natural_questions import NATURAL_QUESTIONS
from training.adapters.newsqa import NEWSQA
from training.adapters.wikiqa import WIKIQA
from training.adapters.yahoo_answers import YAHOO_ANSWERS

__all__ = ["ADAPTERS", "find_adapter"]

ADAPTERS: dict[str, Adapter] = {
    adapter.name: adapter
    for adapter in (
        WIKIQA, DUORC, NEWSQA, NATURAL_QUESTIONS, YAHOO_ANSWERS, ENTITY_QUESTIONS, MR_TYDI, MFAQ, MMARCO,
    )
}  # fmt: skip
"""Name → data set, as `isoglot data list` shows them."""


def find_adapter(name: str) -> Adapter:
    """The data set of that name; raises InvalidInput."""
    if name not in ADAPTERS:
        raise InvalidInput(f"There is no data set {name!r}; choose from {', '.join(ADAPTERS)}.", given=name)
    return ADAPTERS[name]
