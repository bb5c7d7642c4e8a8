"""The part of a long text that holds an answer."""

from __future__ import annotations

import re
from itertools import pairwise

__all__ = ["LONGEST", "answer_position", "span_passage"]

LONGEST = 1000
"""Characters a passage may have by default: some 160 English words."""

_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]]*\s+|[。！？।؟]\s*")


def span_passage(text: str, start: int, end: int, longest: int = LONGEST) -> str:
    """The line that holds text[start:end]; of a line too long, the sentences around the answer.

    start, end: characters, end exclusive. longest: characters; only an answer or a sentence that is longer
    itself gives a longer passage. Lines end at line breaks, sentences at punctuation of English and some others.
    """
    end = max(len(text[:end].rstrip()), start + 1)
    left = text.rfind("\n", 0, start) + 1
    right = text.find("\n", end)
    line, start, end = text[left : right if right >= 0 else None], start - left, end - left
    if len(line) <= longest:
        return line.strip()
    cuts = sorted({0, *(match.end() for match in _SENTENCE_END.finditer(line)), len(line)})
    sentences = list(pairwise(cuts))
    held = [number for number, (first, last) in enumerate(sentences) if first < end and last > start]
    low, high = held[0], held[-1]
    # Sentences are added in turn after and before the answer, as far as both fit.
    while True:
        after = high + 1 < len(sentences) and sentences[high + 1][1] - sentences[low][0] <= longest
        high += after
        before = low > 0 and sentences[high][1] - sentences[low - 1][0] <= longest
        low -= before
        if not (after or before):
            return line[sentences[low][0] : sentences[high][1]].strip()


def answer_position(text: str, answers: list[str]) -> tuple[int, int] | None:
    """Where the first answer found stands in the text: (start, end) in characters; None when none does.

    Case and a final full stop do not count. An answer must stand as whole words, except in scripts without spaces.
    """
    for answer in answers:
        words = re.escape(answer.strip(" \t\r\n."))
        if not words:
            continue
        # Most ASCII answers are words of a language with spaces; "1" must not be found in "1990".
        pattern = rf"(?<!\w){words}(?!\w)" if answer.isascii() else words
        if match := re.search(pattern, text, re.IGNORECASE):
            return match.span()
    return None
