"""Sources made of English texts and the lexicon: questions with answers, and definitions, in every language.

The same text is always switched alike (`training/switching.py`), whatever the run's seed.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from training.groups import Group
from training.switching import SwitchLexicon, load_lexicon

__all__ = ["switched_glosses", "switched_questions"]

LEAST_REPLACED = 0.2
"""Share of a text's tokens the lexicon must replace; less is English."""

GLOSS_LANGUAGES = 5
"""Languages drawn for a definition: there are seven times as many as questions."""

_SHORTEST_GLOSS = 25  # characters; shorter ones are names again


def switched_questions(groups: Iterable[Group], lexicon: Path, languages: Collection[str] | None) -> Iterator[Group]:
    """Yield every group with an English question and passage, with both in all languages the lexicon reaches.

    lexicon: `lexicon.parquet`. languages: keep only these; None keeps all.
    """
    words, codes = None, []
    for group in groups:
        if "en" not in group.questions or "en" not in group.passages:
            continue
        if words is None:
            words = load_lexicon(lexicon, languages)
            codes = _codes(words)
        yield _switched(group, group.questions["en"], group.passages["en"], words, codes)


def switched_glosses(groups: Iterable[Group], lexicon: Path, languages: Collection[str] | None) -> Iterator[Group]:
    """Yield every longer English definition in a few languages, drawn for it.

    Question and passage are switched apart: where the lexicon has synonyms they differ.
    """
    words, codes = None, []
    for group in groups:
        text = group.passages.get("en", "")
        if len(text) < _SHORTEST_GLOSS:
            continue
        if words is None:
            words = load_lexicon(lexicon, languages)
            codes = _codes(words)
        drawn = _random(group.id).sample(codes, min(GLOSS_LANGUAGES, len(codes)))
        yield _switched(group, text, text, words, drawn)


def _switched(group: Group, question: str, passage: str, words: SwitchLexicon, codes: list[str]) -> Group:
    rng = _random(f"{group.id} {question}")
    questions, passages = {"en": question}, {"en": passage}
    for code in codes:
        asked, asked_share = words.switch(question, code, rng)
        told, told_share = words.switch(passage, code, rng)
        if min(asked_share, told_share) >= LEAST_REPLACED:
            questions[code], passages[code] = asked, told
    return Group(f"switched-{group.id}", questions, passages, f"switched-{group.source}")


def _codes(words: SwitchLexicon) -> list[str]:
    return sorted({code for elsewhere in words.names.values() for code in elsewhere})


def _random(text: str) -> random.Random:
    return random.Random(zlib.crc32(text.encode()))  # noqa: S311 (not for secrets)
