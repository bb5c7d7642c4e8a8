"""Which pairs of question and passage a regime may draw, and how one is drawn from a group.

A pool has items (pairs, or groups with several pairs) that a deck deals; `take` turns dealt
items into entries of the table's question and passage sides.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from training.pairs import PairTable, Side

__all__ = ["GroupPool", "Pairs", "Pool", "RejectionPool", "cross_lingual_pools", "monolingual_pools", "same_language"]

_GROUPS_AT_ONCE = 100_000
_NO_ROW = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of entries. groups, questions, passages: (n,) int."""

    groups: np.ndarray
    questions: np.ndarray
    passages: np.ndarray

    def __len__(self) -> int:
        return len(self.groups)

    def __getitem__(self, chosen: np.ndarray) -> Pairs:
        return Pairs(self.groups[chosen], self.questions[chosen], self.passages[chosen])


class Pool(Protocol):
    """Items to deal."""

    def __len__(self) -> int:
        """Number of items."""
        ...

    def take(self, items: np.ndarray, rng: np.random.Generator) -> Pairs:
        """One pair of each item: numbers from 0 to the pool's length."""
        ...


class GroupPool:
    """Groups with their pairs listed; one pair of each is drawn uniformly.

    pairs: sorted by group.
    """

    def __init__(self, pairs: Pairs) -> None:
        self.pairs = pairs
        self.starts: range | np.ndarray = range(len(pairs))
        self.counts: np.ndarray | None = None
        if (np.diff(pairs.groups) == 0).any():
            _, self.starts, self.counts = np.unique(pairs.groups, return_index=True, return_counts=True)

    def __len__(self) -> int:
        return len(self.starts)

    def take(self, items: np.ndarray, rng: np.random.Generator) -> Pairs:
        """One pair of each group."""
        if self.counts is None:
            return self.pairs[items]
        starts = np.asarray(self.starts)
        return self.pairs[starts[items] + (rng.random(len(items)) * self.counts[items]).astype(np.int64)]


class RejectionPool:
    """Groups whose pairs are too many to list: entries are drawn until they differ.

    Drawing again where languages (or texts) agree keeps the draw uniform over the pairs that differ.
    may_share_language: whether a question and a passage of one language are a pair too.
    """

    def __init__(self, table: PairTable, groups: np.ndarray, may_share_language: bool = False) -> None:
        self.table, self.groups, self.may_share_language = table, groups, may_share_language

    def __len__(self) -> int:
        return len(self.groups)

    def take(self, items: np.ndarray, rng: np.random.Generator) -> Pairs:
        """One pair of each group."""
        questions, passages, groups = self.table.questions, self.table.passages, self.groups[items]
        q, p = np.zeros(len(groups), dtype=np.int64), np.zeros(len(groups), dtype=np.int64)
        left = np.arange(len(groups))
        while len(left):
            q[left], p[left] = _one_entry(questions, groups[left], rng), _one_entry(passages, groups[left], rng)
            same = questions.rows[q[left]] == passages.rows[p[left]]
            if not self.may_share_language:
                same |= questions.languages[q[left]] == passages.languages[p[left]]
            left = left[same]
        return Pairs(groups, q, p)


def _one_entry(side: Side, groups: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    start, end = side.offsets[groups], side.offsets[groups + 1]
    return np.asarray(start + (rng.random(len(groups)) * (end - start)).astype(np.int64))


def same_language(table: PairTable) -> Pairs:
    """Every pair of different texts in one language, ordered by group."""
    return _together([_different(table, _joined(table, code, code)) for code in range(len(table.languages))])


def _joined(table: PairTable, asked: int, told: int) -> Pairs:
    """Question entry and passage entry of every group that is asked in one language and told in the other."""
    (asked_groups, q), (told_groups, p) = _entries(table.questions, asked), _entries(table.passages, told)
    groups, at_q, at_p = np.intersect1d(asked_groups, told_groups, assume_unique=True, return_indices=True)
    return Pairs(groups, q[at_q], p[at_p])


def _entries(side: Side, language: int) -> tuple[np.ndarray, np.ndarray]:
    """Groups and entries of one language: (n,) int32 each."""
    entries = np.flatnonzero(side.languages == language)
    groups = np.searchsorted(side.offsets, entries, side="right") - 1
    return groups.astype(np.int32), entries.astype(np.int32)


def _different(table: PairTable, pairs: Pairs) -> Pairs:
    """The pairs whose question and passage are not one text."""
    return pairs[table.questions.rows[pairs.questions] != table.passages.rows[pairs.passages]]


def _together(parts: list[Pairs]) -> Pairs:
    columns = (np.concatenate([getattr(part, name) for part in parts]) for name in ("groups", "questions", "passages"))
    pairs = Pairs(*columns)
    return pairs[np.argsort(pairs.groups, kind="stable")]


def monolingual_pools(table: PairTable) -> dict[tuple[int, int], GroupPool]:
    """(bucket, language) → its pairs, where there are at least two."""
    pools: dict[tuple[int, int], GroupPool] = {}
    for language in range(len(table.languages)):
        pairs = _different(table, _joined(table, language, language))
        of_bucket = table.bucket_of[pairs.groups]
        for bucket in np.unique(of_bucket):
            chosen = of_bucket == bucket
            if chosen.sum() > 1:
                pools[int(bucket), language] = GroupPool(pairs[chosen])
    return pools


def cross_lingual_pools(table: PairTable, allowed: Collection[tuple[int, int]] = ()) -> dict[int, Pool]:
    """Bucket → groups that offer a pair of different languages and texts.

    allowed: (question language, passage language) pairs; empty means all.
    """
    if allowed:
        pairs = _together([_different(table, _joined(table, *pair)) for pair in sorted(allowed)])
        of_bucket = table.bucket_of[pairs.groups]
        return {int(b): GroupPool(pairs[of_bucket == b]) for b in np.unique(of_bucket)}
    able = _able_groups(table)
    return {int(b): RejectionPool(table, able[table.bucket_of[able] == b]) for b in np.unique(table.bucket_of[able])}


def _able_groups(table: PairTable) -> np.ndarray:
    """Groups with more pairs than those of one language or one text, counted without listing them."""
    bad = _same_text(table)
    for language in range(len(table.languages)):
        # Each group has at most one pair of a language, and those of one text are counted already.
        bad[_different(table, _joined(table, language, language)).groups] += 1
    return np.flatnonzero(np.diff(table.questions.offsets) * np.diff(table.passages.offsets) > bad)


def _same_text(table: PairTable) -> np.ndarray:
    """(n_groups,) number of question/passage pairs of a group that are one text, such as a name."""
    counts = np.zeros(table.n_groups, dtype=np.int64)
    # A block at a time: counts for all texts at once would be the most memory a start takes.
    for start in range(0, table.n_groups, _GROUPS_AT_ONCE):
        stop = min(start + _GROUPS_AT_ONCE, table.n_groups)
        asked, told = (
            side.rows[side.offsets[start] : side.offsets[stop]] for side in (table.questions, table.passages)
        )
        lowest = min(asked.min(initial=_NO_ROW), told.min(initial=_NO_ROW))
        # A text belongs to one group, so each question entry meets just its own group's passages.
        times = np.bincount(told - lowest, minlength=int(asked.max(initial=lowest)) - lowest + 1)[asked - lowest]
        sums = np.concatenate([[0], np.cumsum(times)])
        edges = table.questions.offsets[start : stop + 1] - table.questions.offsets[start]
        counts[start:stop] = sums[edges[1:]] - sums[edges[:-1]]
    return counts
