"""What sentence-transformers sees of a PairTable: text columns, filled when a batch asks.

No pair has to be written out before it is drawn: a text in 20 languages has 380
cross-lingual pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from datasets import Dataset
from datasets.table import InMemoryTable

__all__ = ["Examples", "PairDataset", "Rows"]


class Rows(list[tuple[int, ...]]):
    """Rows of one batch, (question, passage, negative, …) each; `regime` says what batch it is."""

    regime: str = ""


class Examples(list[dict[str, Any]]):
    """The same batch as texts, or as piece ids; `regime` as in `Rows`."""

    regime: str = ""


class PairDataset(Dataset):  # type: ignore[misc]
    """One row per text, asked for tuples of rows.

    Its columns `question` and `passage` are the same texts (or their piece ids); a batch
    sampler asks for (question row, passage row) tuples, with negatives' rows behind. Group and
    language labels stay outside, because sentence-transformers takes every column it sees for
    one more input.
    """

    @classmethod
    def of(cls, texts: pa.ChunkedArray) -> PairDataset:
        """Wrap a column of texts or of piece ids without copying it."""
        return cls(InMemoryTable(pa.table({"question": texts, "passage": texts})))

    def __getitems__(self, rows: Sequence[tuple[int, ...]]) -> Examples:
        wanted = np.asarray(rows, dtype=np.int64)
        names = ["question", "passage", *(f"negative_{n}" for n in range(1, wanted.shape[1] - 1))]
        column = self.data.column("question")
        columns = [_values(column.take(pa.array(wanted[:, n]))) for n in range(wanted.shape[1])]
        examples = Examples(dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True))
        examples.regime = getattr(rows, "regime", "")
        return examples


def _values(column: pa.ChunkedArray) -> Any:
    """Texts as str, piece ids as int32 arrays."""
    return column.to_pylist() if pa.types.is_large_string(column.type) else column.to_numpy()
