"""What happens to a text before it is split into pieces.

Two things: checks that keep nonsense out (`clean`), and the romanised copy (`romanised`)
that lets a name written in two scripts share pieces: "Москва" is also read as "Moskva".
"""

from __future__ import annotations

import re
import unicodedata

from anyascii import anyascii

from index.errors import InvalidInput, TooLarge

__all__ = ["MAX_CHARACTERS", "clean", "romanised"]

MAX_CHARACTERS = 1_000_000
"""Longest text accepted, in characters; far beyond any encoder's window, short of a memory problem."""

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
