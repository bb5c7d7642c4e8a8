"""A transformer encoder traced by `torch.onnx`."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

from index.errors import InvalidInput
from training.quantise import POOLED, TOKENS

__all__ = ["OPSET", "fast_tokenizer", "longest_input", "trace"]

OPSET = 18


class _Traced(torch.nn.Module):  # type: ignore[misc]
    """A sentence-transformers model as a function of tensors."""

    def __init__(self, model: SentenceTransformer) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Vectors of tokens (batch, tokens, dim), and of texts (batch, dim)."""
        features = self.model({"input_ids": input_ids, "attention_mask": attention_mask})
        return features[TOKENS], features[POOLED]


def trace(model: SentenceTransformer, folder: Path) -> Path:
    """Write the model as an ONNX graph with the outputs `token_embeddings` and `sentence_embedding`; returns its path.

    The older, tracing exporter: on a tiny model the newer one takes 5 to 8 s instead of 0.2 and makes larger
    files, and ONNX Runtime's quantiser does not read all of them. Attention is "eager", whose
    plain matrix products every runtime knows.
    """
    model.eval()
    transformer = model[0].auto_model
    attention = transformer.config._attn_implementation
    transformer.set_attn_implementation("eager")
    ids = torch.tensor([[5, 6, 7, 8, 9], [5, 6, 7, 8, 9]])
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
    path = folder / "traced.onnx"
    names = {0: "batch", 1: "tokens"}
    try:
        with warnings.catch_warnings():
            # Of the tracing exporter's age, and of Python values it fixes; the gate sees other shapes than these.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                _Traced(model).eval(), (ids, mask), str(path), dynamo=False, opset_version=OPSET,
                input_names=["input_ids", "attention_mask"], output_names=[TOKENS, POOLED],
                dynamic_axes={"input_ids": names, "attention_mask": names, TOKENS: names, POOLED: {0: "batch"}},
            )  # fmt: skip
    finally:
        transformer.set_attn_implementation(attention)
    return path


def fast_tokenizer(model: SentenceTransformer) -> Tokenizer:
    """The model's tokenizer for the `tokenizers` library, without cutting or padding of its own.

    Raises InvalidInput when the model has none.
    """
    fast = getattr(model.tokenizer, "backend_tokenizer", None)
    if not isinstance(fast, Tokenizer):
        raise InvalidInput(
            f"The tokenizer {type(model.tokenizer).__name__} has no form the `tokenizers` library reads "
            "(tokenizer.json); choose a base with a fast tokenizer."
        )
    tokenizer = Tokenizer.from_str(fast.to_str())
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def longest_input(model: SentenceTransformer) -> int:
    """Tokens the model can read at most: its own setting, or fewer where its position table is shorter.

    XLM-R and its kin count positions from the padding id + 1, so that a table of 514 rows
    serves 512 tokens; sentence-transformers does not subtract these when a tokenizer sets no limit.
    """
    limits = [int(model.max_seq_length or 512)]
    for module in model.modules():
        table = getattr(module, "position_embeddings", None)
        if isinstance(table, torch.nn.Embedding):
            unused = 0 if table.padding_idx is None else table.padding_idx + 1
            limits.append(table.num_embeddings - unused)
    return min(limits)
