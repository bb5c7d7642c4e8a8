"""Tiny transformer encoders with random weights, in the layouts of real ones.

Their tokenizers are trained on the demo set and one sentence in each of 12 scripts. Weights
are drawn wider than usual, so that texts get vectors far enough apart to be ranked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Dense
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import (
    BertConfig,
    BertModel,
    BertTokenizer,
    ModernBertConfig,
    ModernBertModel,
    PreTrainedTokenizerFast,
    XLMRobertaConfig,
    XLMRobertaModel,
    XLMRobertaTokenizer,
)

from index.demo import demo_passages
from training.gate import GATE_TEXTS

DIMENSION, MAXIMUM_TOKENS, PIECES = 64, 64, 3000
_SHAPE = {
    "hidden_size": DIMENSION,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 128,
    "initializer_range": 0.2,
}


def tiny_transformer(folder: Path, seed: int = 0) -> Path:
    """XLM-R-shaped, without sentence-transformers' modules.json: no pooling is named."""
    torch.manual_seed(seed)
    XLMRobertaTokenizer(vocab=_unigram(), model_max_length=MAXIMUM_TOKENS).save_pretrained(folder)
    # Positions start behind the padding id, 1: two rows of the table are never used.
    config = XLMRobertaConfig(
        vocab_size=_size(folder), max_position_embeddings=MAXIMUM_TOKENS + 2, pad_token_id=1, **_SHAPE
    )
    XLMRobertaModel(config).save_pretrained(folder)
    return folder


def tiny_xlmr(folder: Path, seed: int = 0) -> Path:
    """XLM-R-shaped (mE5, BGE-M3): SentencePiece tokenizer, mean of the tokens, L2-normalised."""
    transformer = Transformer(str(tiny_transformer(folder / "base", seed)), max_seq_length=MAXIMUM_TOKENS)
    return _saved(folder / "model", transformer, Pooling(DIMENSION, "mean"), Normalize())


def tiny_labse(folder: Path, seed: int = 0) -> Path:
    """LaBSE-shaped: WordPiece tokenizer, first token, dense layer with tanh, L2-normalised."""
    torch.manual_seed(seed)
    BertTokenizer(vocab=_wordpiece(), do_lower_case=False).save_pretrained(folder / "base")
    config = BertConfig(vocab_size=_size(folder / "base"), max_position_embeddings=MAXIMUM_TOKENS, **_SHAPE)
    BertModel(config).save_pretrained(folder / "base")
    transformer = Transformer(str(folder / "base"), max_seq_length=MAXIMUM_TOKENS)
    dense = Dense(DIMENSION, DIMENSION, activation_function=torch.nn.Tanh())
    return _saved(folder / "model", transformer, Pooling(DIMENSION, "cls"), dense, Normalize())


def tiny_modernbert(folder: Path, seed: int = 0) -> Path:
    """ModernBERT-shaped: rotary positions, local and global attention; mean of the tokens, L2-normalised."""
    torch.manual_seed(seed)
    tokenizer = Tokenizer.from_str(_unigram_tokenizer().to_str())
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", pad_token="<pad>", cls_token="<s>", sep_token="</s>"
    ).save_pretrained(folder / "base")
    config = ModernBertConfig(
        vocab_size=_size(folder / "base"), max_position_embeddings=MAXIMUM_TOKENS, local_attention=16,
        pad_token_id=1, bos_token_id=0, eos_token_id=2, cls_token_id=0, sep_token_id=2,
        **{**_SHAPE, "num_hidden_layers": 4, "initializer_range": 0.1},
    )  # fmt: skip
    ModernBertModel(config).save_pretrained(folder / "base")
    transformer = Transformer(str(folder / "base"), max_seq_length=MAXIMUM_TOKENS)
    return _saved(folder / "model", transformer, Pooling(DIMENSION, "mean"), Normalize())


def tiny_run(folder: Path, model: Path, **changes: object) -> Path:
    """A run folder around a model folder: what `isoglot train` leaves behind, as far as export reads it.

    changes: keys of the recipe's model, such as `query_prompt`.
    """
    folder.mkdir(parents=True)
    (folder / "model").symlink_to(model.resolve())
    recipe = {
        "name": "tiny",
        "license": "CC0-1.0",
        "buckets": [{"name": "all", "sources": ["qa"]}],
        "model": {"kind": "pretrained", "base": "tiny", "maximum_tokens": MAXIMUM_TOKENS, **changes},
    }
    (folder / "recipe.json").write_text(json.dumps(recipe), encoding="utf-8")
    (folder / "run.json").write_text(json.dumps({"languages": ["de", "en", "th"]}), encoding="utf-8")
    return folder


def _saved(folder: Path, *modules: torch.nn.Module) -> Path:
    SentenceTransformer(modules=list(modules), device="cpu").save(str(folder), create_model_card=False)
    return folder


def _size(folder: Path) -> int:
    return Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab_size()


def _texts() -> Iterator[str]:
    yield from GATE_TEXTS.values()
    yield from (row["text"] for row in demo_passages()[::2])


@lru_cache(maxsize=1)
def _unigram_tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(vocab_size=PIECES, special_tokens=special, unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator(_texts(), trainer)
    return tokenizer


def _unigram() -> list[tuple[str, float]]:
    vocabulary = json.loads(_unigram_tokenizer().to_str())["model"]["vocab"]
    return [(piece, score) for piece, score in vocabulary]


@lru_cache(maxsize=1)
def _wordpiece() -> dict[str, int]:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=PIECES, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(_texts(), trainer)
    return dict(tokenizer.get_vocab())
