"""The model a recipe asks for, untrained: a static table, a small BERT, or any pretrained one."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from index.errors import InvalidInput
from index.text import reader
from training.aligned_start import aligned_directions
from training.export_transformer import longest_input
from training.model_kinds import PretrainedModel, ScratchModel, StaticModel
from training.pairs import PairTable
from training.piece_column import piece_column
from training.progress import console
from training.recipe import Recipe
from training.static import WeightedStaticEmbedding
from training.vocabulary import PADDING, UNKNOWN, piece_weights, sample_texts, train_tokenizer

__all__ = ["build_model", "load_model"]


def build_model(recipe: Recipe, table: PairTable) -> tuple[SentenceTransformer, pa.ChunkedArray | None]:
    """Make the model a run starts from; learns a vocabulary unless the model is pretrained.

    Also returns the table's texts as piece ids where they were needed, else None.
    Raises InvalidInput when the base cannot be loaded or the vocabulary cannot be learned.
    """
    model = recipe.model
    if isinstance(model, PretrainedModel):
        return _pretrained(model), None
    read = model.reader if isinstance(model, StaticModel) else reader(romanise=False)
    with console.status(f"Learning {recipe.vocabulary.pieces:,} pieces (minutes) …"):
        texts = sample_texts(table, recipe.vocabulary.sample, recipe.seed_of_start)
        special = [] if isinstance(model, StaticModel) else [PADDING]
        tokenizer = train_tokenizer(texts, recipe.vocabulary, read, special)
        weights = piece_weights(tokenizer, texts, read)
    console.print(f"{tokenizer.get_vocab_size():,} pieces from {len(texts):,} texts")
    column, directions = None, None
    if model.aligned_start:
        column = piece_column(tokenizer, table.texts, read, model.maximum_tokens)
        with console.status("Aligning the start (minutes) …"):
            directions = aligned_directions(table, column, weights, model.dimension, recipe.seed_of_start)
    if isinstance(model, StaticModel):
        return _static(model, tokenizer, weights, directions), column
    return _scratch(model, tokenizer, directions), column


def _static(
    model: StaticModel, tokenizer: Tokenizer, weights: np.ndarray, directions: np.ndarray | None
) -> SentenceTransformer:
    static = WeightedStaticEmbedding(
        tokenizer, model.dimension, weights, model.romanise, model.maximum_tokens, model.stem
    )
    if directions is not None:
        static.start_from(directions, model.aligned_start)
    return SentenceTransformer(modules=[static, Normalize()], device="cpu")


def _scratch(model: ScratchModel, tokenizer: Tokenizer, directions: np.ndarray | None) -> SentenceTransformer:
    bert = BertModel(
        BertConfig(
            vocab_size=tokenizer.get_vocab_size(),
            hidden_size=model.dimension,
            num_hidden_layers=model.layers,
            num_attention_heads=model.heads,
            intermediate_size=model.feed_forward,
            max_position_embeddings=model.maximum_tokens,
            hidden_dropout_prob=model.dropout,
            attention_probs_dropout_prob=model.dropout,
            pad_token_id=tokenizer.token_to_id(PADDING),
        ),
        add_pooling_layer=False,
    )
    if directions is not None:
        scale = bert.config.initializer_range * model.dimension**0.5 * model.aligned_start
        with torch.no_grad():
            words = bert.embeddings.word_embeddings.weight
            words.mul_((1 - model.aligned_start**2) ** 0.5).add_(torch.from_numpy(directions), alpha=scale)
    # Through a folder, because sentence-transformers takes a transformer only by name.
    with tempfile.TemporaryDirectory() as folder:
        bert.save_pretrained(folder)
        PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token=UNKNOWN, pad_token=PADDING).save_pretrained(
            folder
        )
        transformer = Transformer(folder, max_seq_length=model.maximum_tokens)
    return SentenceTransformer(modules=[transformer, Pooling(model.dimension), Normalize()], device="cpu")


def _pretrained(model: PretrainedModel) -> SentenceTransformer:
    try:
        loaded = SentenceTransformer(model.base, revision=model.revision, device="cpu")
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise InvalidInput(
            f"The base {model.base!r} cannot be loaded: {error}. It must be a folder or a Hugging Face id that "
            "sentence-transformers loads; without a network it must be in the cache already.",
            base=model.base,
        ) from error
    if not isinstance(loaded[-1], Normalize):
        loaded.append(Normalize())
    longest = longest_input(loaded)
    if longest < model.maximum_tokens:
        console.print(f"{model.base} reads {longest} tokens at most; longer texts are cut there.")
    loaded.max_seq_length = min(model.maximum_tokens, longest)
    return loaded


def load_model(folder: Path) -> SentenceTransformer:
    """Load a model folder a run has written."""
    first = json.loads((folder / "modules.json").read_bytes())[0]
    if not first["type"].endswith("WeightedStaticEmbedding"):
        return SentenceTransformer(str(folder), device="cpu")
    # By hand: sentence-transformers loads classes of other packages only as "remote code".
    static = WeightedStaticEmbedding.load(str(folder), subfolder=first["path"])
    return SentenceTransformer(modules=[static, Normalize()], device="cpu")
