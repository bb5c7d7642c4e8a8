"""Sources made of texts in a few languages and the lexicon: questions with answers, definitions, and sentences of
passages, in every language.

The same text is always switched alike (`training/switching.py`), whatever the run's seed.
"""

from __future__ import annotations

import functools
import random
import re
import zlib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from training.groups import Group
from training.switching import SwitchLexicon, load_lexicon

__all__ = ["SWITCHED_FROM", "forget_lexicon", "switched_glosses", "switched_passages", "switched_questions"]

SWITCHED_FROM = ("en", "ja", "zh", "th", "tr", "ar")
"""Languages of the texts that are switched, the first one a group has: those people's questions are written in."""

LEAST_REPLACED = 0.2
"""Share of a text the lexicon must replace; less is still the language it came from."""

QUESTION_LANGUAGES = {"en": 19}
"""Language of a question → languages drawn for it: the lexicon reaches most from English, and there are few."""

OTHER_QUESTION_LANGUAGES = 5

GLOSS_LANGUAGES = 5
"""Languages drawn for a definition: there are several times as many as questions."""

PASSAGE_LANGUAGES = 3

_SHORTEST_GLOSS = 25  # characters; shorter ones are names again

_LONGEST_PART, _SHORTEST_PART = 160, 30  # characters of what a passage is cut to: one or two sentences

_SENTENCE_END = re.compile(r"(?<=[.!?؟])\s+|(?<=[。！？])|(?<=[ก-๛])\s+(?=[ก-๛])")  # Thai has nothing but spaces


def switched_questions(groups: Iterable[Group], lexicon: Path, languages: Collection[str] | None) -> Iterator[Group]:
    """Yield every group with a question and passage in one of `SWITCHED_FROM`, with both in other languages.

    lexicon: `lexicon.parquet`. languages: keep only these; None keeps all.
    """
    for group in groups:
        code = next((code for code in SWITCHED_FROM if code in group.questions and code in group.passages), None)
        if code is not None:
            words = _words(lexicon, _frozen(languages), code)
            count = QUESTION_LANGUAGES.get(code, OTHER_QUESTION_LANGUAGES)
            drawn = _drawn(group.id, words, count)
            yield _switched(group, group.questions[code], group.passages[code], words, drawn)


def switched_glosses(groups: Iterable[Group], lexicon: Path, languages: Collection[str] | None) -> Iterator[Group]:
    """Yield every longer English definition in a few languages, drawn for it.

    Question and passage are switched apart: where the lexicon has synonyms they differ.
    """
    for group in groups:
        text = group.passages.get("en", "")
        if len(text) >= _SHORTEST_GLOSS:
            words = _words(lexicon, _frozen(languages), "en")
            yield _switched(group, text, text, words, _drawn(group.id, words, GLOSS_LANGUAGES))


def switched_passages(
    passages: Iterable[tuple[str, str, str]], source: str, lexicon: Path, languages: Collection[str] | None
) -> Iterator[Group]:
    """Yield passages cut to a sentence or two, each in a few languages, drawn for it; as `switched_glosses` otherwise.

    passages: (id, language, text). source: of the groups. Those the lexicon reaches in no other language are left out.
    """
    for identity, code, passage in passages:
        for number, text in enumerate(_parts(passage)):
            words = _words(lexicon, _frozen(languages), code)
            group = Group(f"passages/{identity}/{number}", {code: text}, {code: text}, source)
            made = _switched(group, text, text, words, _drawn(group.id, words, PASSAGE_LANGUAGES))
            if len(made.passages) > 1:
                yield made


def forget_lexicon() -> None:
    """Let go of the lexicon that sources shared: about a gigabyte for twenty languages."""
    _words.cache_clear()


@functools.lru_cache(maxsize=1)
def _words(lexicon: Path, languages: frozenset[str] | None, code: str) -> SwitchLexicon:
    # Reading it takes a quarter of a minute, and a recipe's sources are read one after the other.
    return load_lexicon(lexicon, languages, code)


def _frozen(languages: Collection[str] | None) -> frozenset[str] | None:
    return None if languages is None else frozenset(languages)


def _drawn(identity: str, words: SwitchLexicon, count: int) -> list[str]:
    return _random(identity).sample(words.languages, min(count, len(words.languages)))


def _switched(group: Group, question: str, passage: str, words: SwitchLexicon, codes: list[str]) -> Group:
    rng = _random(f"{group.id} {question}")
    questions, passages = {words.language: question}, {words.language: passage}
    for code in codes:
        asked, asked_share = words.switch(question, code, rng)
        told, told_share = words.switch(passage, code, rng)
        if min(asked_share, told_share) >= LEAST_REPLACED:
            questions[code], passages[code] = asked, told
    return Group(f"switched-{group.id}", questions, passages, f"switched-{group.source}")


def _parts(passage: str) -> Iterator[str]:
    """Whole sentences up to `_LONGEST_PART` characters together; a longer one is cut there."""
    part = ""
    for sentence in filter(None, _SENTENCE_END.split(passage)):
        if part and len(part) + len(sentence) > _LONGEST_PART:
            yield part
            part = ""
        part = f"{part} {sentence}".strip()[:_LONGEST_PART]
    if len(part) >= _SHORTEST_PART:
        yield part


def _random(text: str) -> random.Random:
    return random.Random(zlib.crc32(text.encode()))  # noqa: S311 (not for secrets)
