"""Forms a lexicon may hold of a word that stands inflected in a text: cheap rules, tried in order.

A rule that goes wrong yields a form the lexicon does not have, and then nothing is replaced.
"""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["base_forms"]

_ENGLISH_ENDINGS = (("ies", "y"), ("es", ""), ("s", ""), ("ied", "y"), ("ed", ""), ("ed", "e"), ("ing", ""),
                    ("ing", "e"), ("ly", ""), ("d", ""))  # fmt: skip
"""English ending → what the lexicon may hold instead."""

_ARABIC_BEGINNINGS = ("وال", "بال", "فال", "كال", "ال", "لل", "و", "ب", "ل", "ف")
"""Article, conjunctions and prepositions, which Arabic writes together with the word."""

_LEAST_TURKISH = 4  # letters; endings follow each other, so what remains of a word is tried from long to short


def base_forms(word: str, language: str) -> Iterator[str]:
    """Yield the word itself, then what may be left of it without inflection.

    word: lower case. language: code; one without rules here gets the word alone.
    """
    yield word
    if language == "en":
        for ending, instead in _ENGLISH_ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) > 2:
                yield word[: -len(ending)] + instead
    elif language == "tr":
        shortest = max(_LEAST_TURKISH, (len(word) + 1) // 2)
        yield from (word[:length] for length in range(len(word) - 1, shortest - 1, -1))
    elif language == "ar":
        yield from (word[len(a) :] for a in _ARABIC_BEGINNINGS if word.startswith(a) and len(word) - len(a) > 2)
