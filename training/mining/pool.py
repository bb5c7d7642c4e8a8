"""The passages negatives are drawn from, and which of them may never be one for a group.

A passage is barred for a group when any group that holds its text, in whatever language,
shares a text with that group, question or passage. So neither a translation of the right passage nor
another answer to the same question becomes a negative. Texts are compared normalised.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from index.text import clean
from training.groups import Group
from training.normalise import text_key

__all__ = ["PassagePool"]

_KIN_KEPT = 16_384
"""Passages whose barred texts are remembered; the nearest ones come up again and again."""


class PassagePool:
    """Every passage of some groups once per language, ordered by language.

    texts: the passages. spans: language → rows of `texts`. questions: how many the groups have.
    Raises InvalidInput, naming the group, for a text that no encoder takes.
    """

    def __init__(self, groups: Iterable[Group]) -> None:
        self.questions = 0
        self._keys, self._offsets = array("q"), array("q", [0])
        held, holders = array("q"), array("q")
        self._numbers: dict[str, dict[int, int]] = {}
        texts: dict[str, list[str]] = {}
        for number, group in enumerate(groups):
            _check(group)
            self.questions += len(group.questions)
            self._keys.extend(self.keys_of(group))
            self._offsets.append(len(self._keys))
            for code, text in group.passages.items():
                key, numbers = text_key(text), self._numbers.setdefault(code, {})
                held.append(key)
                holders.append(number)
                if key not in numbers:
                    numbers[key] = len(numbers)
                    texts.setdefault(code, []).append(text)
        self._order_by_language(texts)
        order = np.argsort(np.asarray(held), kind="stable")
        self._held, self._holders = np.asarray(held)[order], np.asarray(holders)[order]
        self._kin = lru_cache(maxsize=_KIN_KEPT)(self._texts_of_holders)

    def _order_by_language(self, texts: dict[str, list[str]]) -> None:
        self.texts: list[str] = []
        self.spans: dict[str, slice] = {}
        row_keys: list[int] = []
        for code in sorted(texts):
            self.spans[code] = slice(len(self.texts), len(self.texts) + len(texts[code]))
            self.texts += texts[code]
            row_keys += self._numbers[code]
        self._row_keys = np.array(row_keys, dtype=np.int64)
        self._languages = list(self.spans)
        self._starts = [span.start for span in self.spans.values()]

    @staticmethod
    def keys_of(group: Group) -> frozenset[int]:
        """Keys of all texts of a group, questions and passages."""
        return frozenset(text_key(text) for text in (*group.questions.values(), *group.passages.values()))

    def rows_of(self, group: Group) -> dict[str, int]:
        """Language → row of the group's own passage."""
        return {
            code: self.spans[code].start + self._numbers[code][text_key(text)] for code, text in group.passages.items()
        }

    def language_of(self, row: int) -> str:
        """Language of a row."""
        return self._languages[bisect_right(self._starts, row) - 1]

    def key_of(self, row: int) -> int:
        """Key of a row's text."""
        return int(self._row_keys[row])

    def is_barred(self, row: int, keys: frozenset[int]) -> bool:
        """Whether a passage may not be a negative for the group with these keys."""
        return not keys.isdisjoint(self._kin(row))

    def _texts_of_holders(self, row: int) -> frozenset[int]:
        """Keys of all texts of the groups that hold the row's text as a passage, in whatever language."""
        key, kin = self._row_keys[row], set[int]()
        first, last = (np.searchsorted(self._held, key, side=side) for side in ("left", "right"))
        for holder in self._holders[first:last].tolist():
            kin.update(self._keys[self._offsets[holder] : self._offsets[holder + 1]])
        return frozenset(kin)


def _check(group: Group) -> None:
    for side, texts in (("question", group.questions), ("passage", group.passages)):
        for code, text in texts.items():
            clean(text, f"{code} {side} of group {group.id!r}")
