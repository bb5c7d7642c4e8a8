"""Whether a tokenizer can spell the languages it is to learn.

A language whose letters the vocabulary lacks turns into unknown tokens: training runs, and
every text of it gets nearly the same vector. That is found out before the first step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from rich.table import Table
from sentence_transformers import SentenceTransformer

from index.errors import InvalidInput
from training.pairs import PairTable
from training.progress import console
from training.vocabulary import UNKNOWN

__all__ = ["require_spelling", "unknown_shares"]

_SAMPLE = 200
_WORTH_TELLING = 0.01


def unknown_shares(model: SentenceTransformer, table: PairTable, seed: int = 0) -> dict[str, float]:
    """Language → share of unknown tokens in a sample of its texts, 0 to 1; empty when the tokenizer knows all."""
    encode, unknown = _tokenizer(model)
    if unknown is None:
        return {}
    rng = np.random.default_rng(seed)
    shares: dict[str, float] = {}
    for number, code in enumerate(table.languages):
        rows = np.concatenate([side.rows[side.languages == number] for side in (table.questions, table.passages)])
        if len(rows):
            sample = table.texts.take(pa.array(rng.permutation(np.unique(rows))[:_SAMPLE])).to_pylist()
            ids = np.concatenate([np.asarray(found) for found in encode(sample)])
            shares[code] = float(np.mean(ids == unknown)) if len(ids) else 1.0
    return shares


def _tokenizer(model: SentenceTransformer) -> tuple[Callable[[list[str]], Any], int | None]:
    """A function from texts to lists of ids, and the unknown token's id."""
    first = model[0]
    if hasattr(first, "pieces"):
        return first.pieces, first.tokenizer.token_to_id(UNKNOWN)
    tokenizer = model.tokenizer
    return (lambda texts: tokenizer(texts, add_special_tokens=False)["input_ids"]), tokenizer.unk_token_id


def require_spelling(model: SentenceTransformer, table: PairTable, maximum: float) -> dict[str, float]:
    """Tell which languages lose letters; raises InvalidInput when one loses more than `maximum` of its tokens."""
    shares = unknown_shares(model, table)
    worth_telling = {code: share for code, share in shares.items() if share > _WORTH_TELLING}
    if worth_telling:
        shown = Table("language", "unknown tokens", title="Languages this tokenizer cannot wholly spell")
        for code, share in sorted(worth_telling.items(), key=lambda item: -item[1]):
            shown.add_row(code, f"{share:.1%}")
        console.print(shown)
    lost = {code: share for code, share in worth_telling.items() if share > maximum}
    if lost:
        listed = ", ".join(f"{code} ({share:.0%} unknown tokens)" for code, share in lost.items())
        raise InvalidInput(
            f"This model's tokenizer cannot spell {listed}; at most {maximum:.0%} is allowed "
            "(model.maximum_unknown). Leave these out of `languages` or choose another base.",
            unknown=lost,
        )
    return shares
