"""Groups packed for sampling: every text once, every question and passage as three integers.

A million groups as Python objects cost gigabytes; here a question or passage costs twelve
bytes beside its text. `PairDataset` hands a batch of (question row, passage row) pairs to
sentence-transformers as plain text columns, so that no pair has to be written out before
it is drawn: a text in 20 languages has 380 cross-lingual pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from datasets import Dataset
from datasets.table import InMemoryTable

from training.groups import Group

__all__ = ["PairDataset", "PairTable", "Side"]


@dataclass(frozen=True, slots=True)
class Side:
    """All questions, or all passages, ordered by group.

    offsets: (n_groups + 1,) int64, entries of group g are offsets[g]:offsets[g + 1].
    languages: (n,) int16, index into `PairTable.languages`.
    rows: (n,) int32, row of the text in `PairTable.texts`.
    """

    offsets: np.ndarray
    languages: np.ndarray
    rows: np.ndarray


@dataclass(frozen=True, slots=True)
class PairTable:
    """Groups of one or more buckets, packed.

    texts: every distinct text of a group, once.
    text_keys: (n_texts,) int64 hash of each text, to know equal texts of different groups.
    languages: the codes the `Side` arrays index.
    buckets: names of the buckets batches are drawn from.
    bucket_of: (n_groups,) int16, index into `buckets`.
    """

    texts: pa.ChunkedArray
    text_keys: np.ndarray
    languages: list[str]
    buckets: list[str]
    bucket_of: np.ndarray
    questions: Side
    passages: Side

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(self.bucket_of)

    @classmethod
    def pack(cls, buckets: dict[str, Iterable[Group]]) -> PairTable:
        """Pack the groups of each bucket, in order."""
        packer = _Packer()
        bucket_of: list[int] = []
        for number, groups in enumerate(buckets.values()):
            for group in groups:
                packer.add(group)
                bucket_of.append(number)
        return cls(
            texts=packer.texts(),
            text_keys=np.asarray(packer.text_keys, dtype=np.int64),
            languages=list(packer.language_index),
            buckets=list(buckets),
            bucket_of=np.asarray(bucket_of, dtype=np.int16),
            questions=_side(packer.questions),
            passages=_side(packer.passages),
        )


class _Packer:
    """Grows the columns of a PairTable one group at a time."""

    FLUSH = 200_000

    def __init__(self) -> None:
        self.language_index: dict[str, int] = {}
        self.questions: tuple[list[int], list[int], list[int]] = ([0], [], [])
        self.passages: tuple[list[int], list[int], list[int]] = ([0], [], [])
        self._pending: list[str] = []
        self._chunks: list[pa.Array] = []
        self.text_keys: list[int] = []

    def add(self, group: Group) -> None:
        """Append one group's texts and entries."""
        rows: dict[str, int] = {}
        for side, texts in ((self.questions, group.questions), (self.passages, group.passages)):
            for code, text in texts.items():
                side[1].append(self.language_index.setdefault(code, len(self.language_index)))
                side[2].append(self._row(text, rows))
            side[0].append(len(side[1]))

    def _row(self, text: str, rows: dict[str, int]) -> int:
        if text not in rows:
            rows[text] = len(self.text_keys)
            self.text_keys.append(hash(text))
            self._pending.append(text)
            if len(self._pending) >= self.FLUSH:
                self._flush()
        return rows[text]

    def _flush(self) -> None:
        self._chunks.append(pa.array(self._pending, type=pa.large_string()))
        self._pending = []

    def texts(self) -> pa.ChunkedArray:
        """All texts in one chunk."""
        self._flush()
        # One chunk: taking a batch from ten chunks took fifty times as long.
        return pa.chunked_array([pa.concat_arrays(self._chunks)])


def _side(columns: tuple[list[int], list[int], list[int]]) -> Side:
    offsets, languages, rows = columns
    return Side(
        np.asarray(offsets, dtype=np.int64), np.asarray(languages, dtype=np.int16), np.asarray(rows, dtype=np.int32)
    )


class PairDataset(Dataset):  # type: ignore[misc]
    """One row per text, asked for pairs of rows.

    Its columns `question` and `passage` are the same texts (or their piece ids); a batch
    sampler asks for (question row, passage row) pairs. Group and language labels stay
    outside, because sentence-transformers takes every column it sees for one more input.
    """

    @classmethod
    def of(cls, texts: pa.ChunkedArray) -> PairDataset:
        """Wrap a column of texts or of piece ids without copying it."""
        return cls(InMemoryTable(pa.table({"question": texts, "passage": texts})))

    def __getitems__(self, pairs: Sequence[tuple[int, int]]) -> list[dict[str, Any]]:
        rows = np.asarray(pairs, dtype=np.int64)
        questions = _values(self.data.column("question").take(pa.array(rows[:, 0])))
        passages = _values(self.data.column("passage").take(pa.array(rows[:, 1])))
        return [{"question": q, "passage": p} for q, p in zip(questions, passages, strict=True)]


def _values(column: pa.ChunkedArray) -> Any:
    """Texts as str, piece ids as int32 arrays."""
    return column.to_pylist() if pa.types.is_large_string(column.type) else column.to_numpy()
