"""A document's text to passages that end where paragraphs and sentences do, in any script.

The splitter is `semantic-text-splitter`: it prefers the ends of paragraphs, then of sentences
(Unicode Standard Annex 29), then of words, which ICU's dictionaries find in scripts without spaces.

Two things it cannot know are told to it by what it is shown in the text's place, character for
character. Thai and Lao end no sentence with a full stop (it marks abbreviations, "ค.ศ.") but with a
space; and a single line break inside a paragraph ends nothing.
"""

from __future__ import annotations

import re
from typing import Any

from index.extras import require_extra

__all__ = ["Splitter", "width"]

_WIDE = re.compile(
    "[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\U00020000-\U0003fffd]"
)
_UNSPACED = "\u0e00-\u0eff"  # Thai and Lao
_ABBREVIATING = re.compile(f"(?<=[{_UNSPACED}])\\.")
# No pause before an abbreviation: "ใน ค.ศ. 1817" belongs together.
_PAUSE = re.compile(f"(?<=[{_UNSPACED}])[ \\u00a0](?=[{_UNSPACED}])(?![{_UNSPACED}]{{1,4}}\\.)")
_LINE_BREAK = re.compile(r"(?<=[^\n])\n(?=[^\n])")
_LETTER = "\ue000"  # private use: no end of anything


def width(text: str) -> int:
    """Length of a text in columns: a wide character, such as a Han one, counts two, as it says about as much.

    >>> width("tide"), width("潮汐")
    (4, 4)
    """
    return len(text) if text.isascii() else len(text) + len(_WIDE.findall(text))


class Splitter:
    """Splits texts into passages.

    length: of a passage at most, in columns; passages from half of it on end where the text lets them.
    overlap: how much of a passage's end the next one may repeat, whole sentences or words.
    """

    def __init__(self, length: int, overlap: int) -> None:
        require_extra("Splitting documents", "semantic_text_splitter")
        from semantic_text_splitter import TextSplitter

        self._splitter: Any = TextSplitter.from_callback(width, (length // 2, length), overlap=overlap)

    def split(self, text: str) -> list[str]:
        """The passages of a text, in order; a blank text has none.

        No character but outer white space is lost, and none is changed.
        """
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        found = self._splitter.chunk_indices(_shown(text))
        return [text[start : start + len(shown)].strip() for start, shown in found]


def _shown(text: str) -> str:
    """The text as the splitter sees it, as long as the text itself."""
    shown = _LINE_BREAK.sub(" ", text)
    shown = _ABBREVIATING.sub(_LETTER, shown)
    return _PAUSE.sub("\n", shown)
