"""Texts as piece ids, tokenised once for a whole run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from tokenizers import Tokenizer

from index.text import Reader
from training.progress import console

__all__ = ["piece_column", "pieces"]

_AT_ONCE = 50_000


def pieces(tokenizer: Tokenizer, texts: Sequence[str], read: Reader, maximum: int) -> list[np.ndarray]:
    """Piece ids of each text: (n_pieces,) int32, cut at `maximum`, without special tokens."""
    encodings = tokenizer.encode_batch_fast([read(text) for text in texts], add_special_tokens=False)
    return [np.array(encoding.ids[:maximum], dtype=np.int32) for encoding in encodings]


def piece_column(tokenizer: Tokenizer, texts: pa.ChunkedArray, read: Reader, maximum: int) -> pa.ChunkedArray:
    """Tokenise a whole column: lists of int32, one for each text."""
    values, lengths = [], [np.zeros(1, dtype=np.int64)]
    with console.status("Tokenising …") as status:
        for start in range(0, len(texts), _AT_ONCE):
            rows = pieces(tokenizer, texts.slice(start, _AT_ONCE).to_pylist(), read, maximum)
            values.append(np.concatenate(rows))
            lengths.append(np.fromiter(map(len, rows), dtype=np.int64, count=len(rows)))
            status.update(f"Tokenised {start + len(rows):,} of {len(texts):,} texts …")
    offsets = np.cumsum(np.concatenate(lengths))
    return pa.chunked_array([pa.LargeListArray.from_arrays(offsets, np.concatenate(values))])
