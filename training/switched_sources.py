"""Sources made of English texts and the lexicon: questions with answers, and definitions, in every language.

The same text is always switched alike (`training/switching.py`), whatever the run's seed.
"""

from __future__ import annotations

import functools
import random
import zlib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from training.groups import Group
from training.switching import SwitchLexicon, load_lexicon

__all__ = ["forget_lexicon", "switched_glosses", "switched_questions"]

LEAST_REPLACED = 0.2
"""Share of a text's tokens the lexicon must replace; less is English."""

GLOSS_LANGUAGES = 5
"""Languages drawn for a definition: there are several times as many as questions."""

_SHORTEST_GLOSS = 25  # characters; shorter ones are names again


def switched_questions(groups: Iterable[Group], lexicon: Path, languages: Collection[str] | None) -> Iterator[Group]:
    """Yield every group with an English question and passage, with both in all languages the lexicon reaches.

    lexicon: `lexicon.parquet`. languages: keep only these; None keeps all.
    """
    for group in groups:
        if "en" in group.questions and "en" in group.passages:
            words = _words(lexicon, _frozen(languages))
            yield _switched(group, group.questions["en"], group.passages["en"], words, words.languages)


def switched_glosses(groups: Iterable[Group], lexicon: Path, languages: Collection[str] | None) -> Iterator[Group]:
    """Yield every longer English definition in a few languages, drawn for it.

    Question and passage are switched apart: where the lexicon has synonyms they differ.
    """
    for group in groups:
        text = group.passages.get("en", "")
        if len(text) >= _SHORTEST_GLOSS:
            words = _words(lexicon, _frozen(languages))
            drawn = _random(group.id).sample(words.languages, min(GLOSS_LANGUAGES, len(words.languages)))
            yield _switched(group, text, text, words, drawn)


def forget_lexicon() -> None:
    """Let go of the lexicon that sources shared: about a gigabyte for twenty languages."""
    _words.cache_clear()


@functools.lru_cache(maxsize=1)
def _words(lexicon: Path, languages: frozenset[str] | None) -> SwitchLexicon:
    # Reading it takes a quarter of a minute, and a recipe's sources are read one after the other.
    return load_lexicon(lexicon, languages)


def _frozen(languages: Collection[str] | None) -> frozenset[str] | None:
    return None if languages is None else frozenset(languages)


def _switched(group: Group, question: str, passage: str, words: SwitchLexicon, codes: list[str]) -> Group:
    rng = _random(f"{group.id} {question}")
    questions, passages = {"en": question}, {"en": passage}
    for code in codes:
        asked, asked_share = words.switch(question, code, rng)
        told, told_share = words.switch(passage, code, rng)
        if min(asked_share, told_share) >= LEAST_REPLACED:
            questions[code], passages[code] = asked, told
    return Group(f"switched-{group.id}", questions, passages, f"switched-{group.source}")


def _random(text: str) -> random.Random:
    return random.Random(zlib.crc32(text.encode()))  # noqa: S311 (not for secrets)
