"""What happens to a text before it is split into pieces.

Checks that keep nonsense out (`clean`), letters without differences of case and width (`fold`), and
what an encoder may read beside the text itself (`reader`): a romanised copy, that lets a name
written in two scripts share pieces ("Москва" is also read as "Moskva"), and stems, that let forms
of one word share one ("organ").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from anyascii import anyascii

from index.errors import InvalidInput, TooLarge

__all__ = ["MAX_CHARACTERS", "Reader", "clean", "fold", "reader", "romanised", "with_stems"]

MAX_CHARACTERS = 1_000_000
"""Longest text accepted, in characters; far beyond any encoder's window, short of a memory problem."""

Reader = Callable[[str], str]
"""A text → what is split into pieces."""

_LATIN_WORD = re.compile(r"[A-Za-z]+")
_STEM_MARK = "\u02b9"  # a letter to tokenizers, and in no language's words

_FOREIGN_WORD = re.compile(r"\w*[^\W\d_\x00-\x7f][\w\u0300-\u036f]*")


def clean(text: str, what: str = "text", max_characters: int = MAX_CHARACTERS) -> str:
    """Return `text` stripped of outer white space, or say why it cannot be used.

    Raises InvalidInput for blank texts, NUL characters and lone surrogates (what broken
    UTF-8 becomes), TooLarge beyond `max_characters`.
    """
    if len(text) > max_characters:
        raise TooLarge(
            f"The {what} has {len(text):,} characters; at most {max_characters:,} are accepted. Split it.",
            characters=len(text),
            limit=max_characters,
        )
    if "\x00" in text:
        raise InvalidInput(f"The {what} contains a NUL character at position {text.index(chr(0))}; remove it.")
    if not _is_utf8(text):
        raise InvalidInput(f"The {what} is not valid Unicode (it holds a lone surrogate); send it as UTF-8.")
    stripped = text.strip()
    if not any(not unicodedata.category(character).startswith(("C", "Z")) for character in stripped):
        raise InvalidInput(f"The {what} is empty or blank; give at least one visible character.")
    return stripped


def _is_utf8(text: str) -> bool:
    # Encoding is thirty times faster than looking at every character.
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def fold(text: str) -> str:
    """Drop differences of case and of compatibility forms (NFKC, case folding), and the dots of "i".

    >>> fold("Straße ﬁn ＡＢＣ")
    'strasse fin abc'
    """
    if text.isascii():
        return text.lower()
    # Folding can take composed characters apart, so they are composed again.
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    # Turkish: "I" is the capital of "ı", and "İ" folds to "i" with a dot above.
    return folded.replace("ı", "i").replace("i\u0307", "i")


def romanised(text: str) -> str:
    """Append a Latin reading of every word that has non-ASCII letters.

    >>> romanised("Где Москва?")
    'Где Москва? Gde Moskva'
    >>> romanised("plain words")
    'plain words'
    """
    if text.isascii():
        return text
    foreign = _FOREIGN_WORD.findall(text)
    return f"{text} {anyascii(' '.join(foreign))}" if foreign else text


def with_stems(text: str, length: int) -> str:
    """Append the first letters, marked, of every longer word in Latin letters.

    Cutting words to their first letters finds as much as knowing their grammar does, in many languages
    (McNamee and Mayfield 2004, "Character n-gram tokenization for European language text retrieval").

    >>> with_stems("Die Organisation", 5)
    'Die Organisation organʹ'
    """
    stems = [f"{word[:length].lower()}{_STEM_MARK}" for word in _LATIN_WORD.findall(text) if len(word) > length]
    return f"{text} {' '.join(stems)}" if stems else text


def reader(romanise: bool, stem: int | None = None) -> Reader:
    """How an encoder reads texts.

    romanise: with a Latin reading of foreign words. stem: with stems of so many letters, of the Latin
    reading too; None means without.

    >>> reader(romanise=True, stem=5)("Организация")
    'Организация Organizatsiya organʹ'
    """

    def read(text: str) -> str:
        """The text and what is read beside it."""
        latin = romanised(text) if romanise else text
        return latin if stem is None else with_stems(latin, stem)

    return read
