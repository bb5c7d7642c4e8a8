"""A unigram vocabulary (Kudo 2018) learned from the run's own texts.

Lower-cased NFKC; punctuation and digit runs stand alone; every piece that starts a word
carries "▁". Chinese, Japanese and Thai need no word splitter: the unigram model finds
their words as pieces.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from index.errors import InvalidInput
from index.text import Reader
from training.pairs import PairTable
from training.recipe import Vocabulary

__all__ = ["PADDING", "UNKNOWN", "piece_weights", "sample_texts", "train_tokenizer"]

UNKNOWN, PADDING = "<unk>", "<pad>"
_LONGEST_SAMPLE = 300


def sample_texts(table: PairTable, size: int, seed: int) -> list[str]:
    """Draw up to `size` texts, spread evenly over languages and, within one, over buckets."""
    rng = np.random.default_rng(seed)
    strata: list[np.ndarray] = []
    for side in (table.questions, table.passages):
        stratum = table.bucket_of[side.groups()].astype(np.int64) * len(table.languages) + side.languages
        strata += [np.unique(side.rows[stratum == number]) for number in range(stratum.max(initial=-1) + 1)]
    strata = [rows for rows in strata if len(rows)]
    share = size // len(strata)
    chosen = np.unique(np.concatenate([rng.permutation(rows)[:share] for rows in strata]))
    return [text[:_LONGEST_SAMPLE] for text in table.texts.take(pa.array(chosen)).to_pylist()]


def train_tokenizer(texts: list[str], settings: Vocabulary, read: Reader, special: Sequence[str] = ()) -> Tokenizer:
    """Learn a vocabulary of `settings.pieces` from the texts as they are read.

    special: tokens beside the unknown one, numbered from 1.
    """
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Punctuation(behavior="isolated"),
            pre_tokenizers.Digits(individual_digits=False),
            pre_tokenizers.Metaspace(),
        ]
    )
    trainer = trainers.UnigramTrainer(
        vocab_size=settings.pieces, special_tokens=[UNKNOWN, *special], unk_token=UNKNOWN, show_progress=False
    )
    try:
        tokenizer.train_from_iterator(map(read, texts), trainer=trainer)
    except Exception as error:  # tokenizers raises nothing more exact
        raise InvalidInput(
            f"No vocabulary of {settings.pieces:,} pieces can be learned from {len(texts):,} texts: {error}. "
            "Change vocabulary.pieces in the recipe."
        ) from error
    return _in_order(tokenizer, [UNKNOWN, *special])


def _in_order(tokenizer: Tokenizer, special: list[str]) -> Tokenizer:
    """Number the pieces alphabetically: the trainer numbers them differently each time."""
    state = json.loads(tokenizer.to_str())
    known = sorted((piece, round(score, 4)) for piece, score in state["model"]["vocab"] if piece not in special)
    state["model"].update(vocab=[*((token, 0.0) for token in special), *known], unk_id=0)
    state["added_tokens"] = [{**token, "id": special.index(token["content"])} for token in state["added_tokens"]]
    return Tokenizer.from_str(json.dumps(state))


def piece_weights(tokenizer: Tokenizer, texts: list[str], read: Reader) -> np.ndarray:
    """Inverse document frequency of every piece: (vocabulary,) float32, log((n + 1) / (df + 1)).

    The unknown piece gets 0: it says nothing about a text.
    """
    counts = np.zeros(tokenizer.get_vocab_size(), dtype=np.int64)
    for start in range(0, len(texts), 10_000):
        encodings = tokenizer.encode_batch([read(text) for text in texts[start : start + 10_000]])
        counts += np.bincount(
            np.concatenate([np.unique(e.ids).astype(np.int64) for e in encodings]), minlength=len(counts)
        )
    weights = np.log((len(texts) + 1) / (counts + 1)).astype(np.float32)
    weights[tokenizer.token_to_id(UNKNOWN)] = 0.0
    return weights
