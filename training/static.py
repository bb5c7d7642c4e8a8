"""A static encoder: a text's vector is the weighted sum of its pieces' vectors.

sentence-transformers' StaticEmbedding with two additions: a learned weight per piece, so
that "the" can fall silent in a few steps, and the romanised copy of foreign words
(`index/text.py`). Rows start as random directions scaled by inverse document frequency:
before any training this already is TF-IDF under a random projection, which finds
same-language passages; training then teaches it which pieces mean the same.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer

from index.text import reader
from training.piece_column import pieces

__all__ = ["WeightedStaticEmbedding"]


class WeightedStaticEmbedding(StaticEmbedding):  # type: ignore[misc]
    """Sum of piece vectors, each times its learned weight.

    piece_weights: (vocabulary,) float32 start values of the weights.
    romanise, stem: what is read beside the text (`index.text.reader`).
    maximum_tokens: pieces beyond this many are dropped.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        dimension: int,
        piece_weights: np.ndarray,
        romanise: bool,
        maximum_tokens: int,
        stem: int | None = None,
    ) -> None:
        super().__init__(tokenizer, embedding_dim=dimension)
        self.embedding = torch.nn.EmbeddingBag(tokenizer.get_vocab_size(), dimension, mode="sum")
        torch.nn.init.normal_(self.embedding.weight)
        self.weight = torch.nn.Parameter(torch.from_numpy(piece_weights.astype(np.float32)))
        self.romanise, self.stem, self.maximum_tokens = romanise, stem, maximum_tokens

    def start_from(self, directions: np.ndarray, share: float) -> None:
        """Turn the random start towards given directions: (vocabulary, dimension) float32, rows of length 1.

        share: 0 keeps the random rows, 1 replaces them; between, lengths stay as they were.
        """
        scaled = torch.from_numpy(directions) * self.embedding_dim**0.5
        with torch.no_grad():
            self.embedding.weight.mul_((1 - share**2) ** 0.5).add_(scaled, alpha=share)

    def pieces(self, texts: Sequence[str]) -> list[np.ndarray]:
        """Piece ids of each text: (n_pieces,) int32, cut at `maximum_tokens`."""
        return pieces(self.tokenizer, texts, reader(self.romanise, self.stem), self.maximum_tokens)

    def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **rest: Any) -> dict[str, torch.Tensor]:
        """Lay texts, or piece ids from `training/piece_column.py`, out as one flat row with the offset of each."""
        if inputs and isinstance(inputs[0], str):
            rows = self.pieces([f"{prompt or ''}{text}" for text in inputs])
        else:
            rows = list(inputs)
        lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
        offsets = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        flat = np.concatenate(rows).astype(np.int64)
        return {"input_ids": torch.from_numpy(flat), "offsets": torch.from_numpy(offsets)}

    def forward(self, features: dict[str, torch.Tensor], **rest: Any) -> dict[str, torch.Tensor]:
        """Add `sentence_embedding`: (n_texts, dimension) float32, not normalised."""
        ids = features["input_ids"]
        features["sentence_embedding"] = self.embedding(ids, features["offsets"], per_sample_weights=self.weight[ids])
        return features

    def folded(self) -> torch.Tensor:
        """The table with the weights multiplied in: (vocabulary, dimension) float32."""
        return (self.embedding.weight * self.weight[:, None]).detach()

    def save(self, output_path: str, *args: Any, **rest: Any) -> None:
        """Write weights, tokenizer and settings into a folder."""
        folder = Path(output_path)
        save_file({key: value.contiguous() for key, value in self.state_dict().items()}, folder / "model.safetensors")
        self.tokenizer.save(str(folder / "tokenizer.json"))
        settings = {"romanise": self.romanise, "stem": self.stem, "maximum_tokens": self.maximum_tokens}
        (folder / "config.json").write_text(json.dumps(settings), encoding="utf-8")

    @classmethod
    def load(cls, model_name_or_path: str, subfolder: str = "", **rest: Any) -> Self:
        """Read what `save` wrote."""
        folder = Path(model_name_or_path) / subfolder
        settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        weights = load_file(folder / "model.safetensors")
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        dimension = weights["embedding.weight"].shape[1]
        module = cls(tokenizer, dimension, weights["weight"].numpy(), **settings)
        module.load_state_dict(weights)
        return module
