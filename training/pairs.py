"""Groups packed for sampling: every text once, every question and passage as three integers.

A million groups as Python objects cost gigabytes; here a question or passage costs six
bytes beside its text, and a text its UTF-8 bytes and twelve more.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from training.groups import Group

__all__ = ["PairTable", "Side"]


@dataclass(frozen=True, slots=True)
class Side:
    """All questions, or all passages, or all negatives, ordered by group.

    offsets: (n_groups + 1,) int64, entries of group g are offsets[g]:offsets[g + 1].
    languages: (n,) int16, index into `PairTable.languages`.
    rows: (n,) int32, row of the text in `PairTable.texts`.
    """

    offsets: np.ndarray
    languages: np.ndarray
    rows: np.ndarray

    def groups(self) -> np.ndarray:
        """(n,) int32, the group of every entry."""
        return np.repeat(np.arange(len(self.offsets) - 1, dtype=np.int32), np.diff(self.offsets))

    def of(self, kept: np.ndarray, allowed: np.ndarray) -> Side:
        """The side of some groups alone, in their order.

        kept: (n_groups,) bool. allowed: (n_languages,) bool, languages to keep.
        """
        lengths = np.diff(self.offsets)
        entries = np.repeat(kept, lengths) & allowed[self.languages]
        counts = np.bincount(self.groups()[entries], minlength=len(lengths))[kept]
        return Side(np.concatenate([[0], np.cumsum(counts)]), self.languages[entries], self.rows[entries])


@dataclass(frozen=True, slots=True)
class PairTable:
    """Groups of one or more buckets, packed.

    texts: every distinct text of a group, once, in one chunk.
    text_keys: (n_texts,) int32 hash of each text, to know equal texts of different groups; two unequal
    ones share a key once in two thousand million times, and then one stays out of the other's batch.
    languages: the codes the `Side` arrays index.
    buckets: names of the buckets batches are drawn from.
    bucket_of: (n_groups,) int16, index into `buckets`.
    negatives: hard negatives; a group may have none.
    """

    texts: pa.ChunkedArray
    text_keys: np.ndarray
    languages: list[str]
    buckets: list[str]
    bucket_of: np.ndarray
    questions: Side
    passages: Side
    negatives: Side

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(self.bucket_of)

    @classmethod
    def pack(cls, buckets: Mapping[str, Iterable[Group]]) -> PairTable:
        """Pack the groups of each bucket, in order."""
        packer = _Packer()
        bucket_of = array("h")
        for number, groups in enumerate(buckets.values()):
            for group in groups:
                packer.add(group)
                bucket_of.append(number)
        return cls(
            texts=packer.texts(),
            text_keys=np.frombuffer(packer.text_keys, dtype=np.int32),
            languages=list(packer.language_index),
            buckets=list(buckets),
            bucket_of=np.frombuffer(bucket_of, dtype=np.int16),
            questions=packer.questions.side(),
            passages=packer.passages.side(),
            negatives=packer.negatives.side(),
        )

    def select(self, kept: np.ndarray, languages: Iterable[str] | None = None) -> PairTable:
        """A table of some groups alone; texts are shared, not copied.

        kept: (n_groups,) bool. languages: keep only these; None keeps all. A group left
        without question or passage stays, and no pair is ever drawn from it.
        """
        wanted = set(self.languages if languages is None else languages)
        allowed = np.array([code in wanted for code in self.languages], dtype=bool)
        sides = {name: getattr(self, name).of(kept, allowed) for name in ("questions", "passages", "negatives")}
        return replace(self, bucket_of=self.bucket_of[kept], **sides)

    def hold_out(self, count: int, seed: int) -> tuple[PairTable, PairTable]:
        """Split off `count` random groups, at most a tenth: (the others, those held out)."""
        held = np.zeros(self.n_groups, dtype=bool)
        held[np.random.default_rng(seed).permutation(self.n_groups)[: min(count, self.n_groups // 10)]] = True
        return self.select(~held), self.select(held)


class _Column:
    """Grows one `Side`."""

    def __init__(self) -> None:
        self.offsets, self.languages, self.rows = array("q", [0]), array("h"), array("i")

    def side(self) -> Side:
        """What has been added, without copying."""
        dtypes = (np.int64, np.int16, np.int32)
        columns = (self.offsets, self.languages, self.rows)
        return Side(*(np.frombuffer(column, dtype=kind) for column, kind in zip(columns, dtypes, strict=True)))


class _Packer:
    """Grows the columns of a PairTable one group at a time."""

    def __init__(self) -> None:
        self.language_index: dict[str, int] = {}
        self.questions, self.passages, self.negatives = _Column(), _Column(), _Column()
        self.text_keys = array("i")
        self._bytes = bytearray()
        self._ends = array("q", [0])

    def add(self, group: Group) -> None:
        """Append one group's texts and entries."""
        rows: dict[str, int] = {}
        self._enter(self.questions, group.questions.items(), rows)
        self._enter(self.passages, group.passages.items(), rows)
        self._enter(self.negatives, ((code, text) for code in group.negatives for text in group.negatives[code]), rows)

    def _enter(self, column: _Column, texts: Iterable[tuple[str, str]], rows: dict[str, int]) -> None:
        languages, keys = self.language_index, self.text_keys
        for code, text in texts:
            row = rows.get(text)
            if row is None:
                row = rows[text] = len(keys)
                keys.append(hash(text) & 0x7FFFFFFF)
                self._bytes += text.encode()
                self._ends.append(len(self._bytes))
            if code not in languages:
                languages[code] = len(languages)
            column.languages.append(languages[code])
            column.rows.append(row)
        column.offsets.append(len(column.rows))

    def texts(self) -> pa.ChunkedArray:
        """All texts, laid over the buffers they were written to."""
        buffers = pa.py_buffer(self._ends), pa.py_buffer(self._bytes)
        return pa.chunked_array([pa.LargeStringArray.from_buffers(len(self.text_keys), *buffers)])
