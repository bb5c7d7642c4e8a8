"""Texts to vectors with ONNX Runtime."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import onnxruntime
from tokenizers import Encoding, Tokenizer

from index.encoder_folder import MODEL, TOKENIZER, EncoderDescription, find_encoder
from index.errors import DamagedEncoder, InvalidInput
from index.text import clean, romanised

__all__ = ["Embedded", "Encoder", "Kind"]

Kind = Literal["query", "passage"]

_TOKENS_PER_BATCH = 4096
"""Padded tokens per run of the graph. Bigger batches fall out of the processor's cache:
at 32,768 the bundled encoder is a seventh slower on passages."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """Vectors with what happened on the way.

    vectors: (n, dim) float32, L2-normalised.
    tokens: (n,) int64, tokens read of each text. truncated: (n,) bool, whether more were dropped.
    """

    vectors: np.ndarray
    tokens: np.ndarray
    truncated: np.ndarray


class Encoder:
    """An encoder folder, loaded.

    threads: cores for ONNX Runtime; None means all there are.
    Raises NotFound or DamagedEncoder when the folder cannot be used.
    """

    def __init__(self, folder: Path | str, threads: int | None = None) -> None:
        self.folder = find_encoder(str(folder))
        self.description = EncoderDescription.read(self.folder)
        try:
            self._tokenizer = Tokenizer.from_file(str(self.folder / TOKENIZER))
            self._session = onnxruntime.InferenceSession(
                str(self.folder / MODEL), _session_options(threads), _providers()
            )
        except Exception as error:  # both libraries raise bare Exception subclasses
            raise DamagedEncoder(f"The encoder in {self.folder} cannot be loaded: {error}") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self.description.maximum_tokens)

    @property
    def name(self) -> str:
        """The encoder's name."""
        return self.description.name

    @property
    def dimension(self) -> int:
        """Length of the vectors."""
        return self.description.dimension

    @property
    def fingerprint(self) -> str:
        """What collections remember: vectors of unequal fingerprints must not mix."""
        return self.description.fingerprint

    def encode(self, texts: Sequence[str], kind: str) -> np.ndarray:
        """Vectors of texts: (n, dim) float32, L2-normalised. `kind` is "query" or "passage"."""
        return self.embed(texts, kind).vectors

    def embed(self, texts: Sequence[str], kind: str) -> Embedded:
        """Vectors of texts, with token counts and what was truncated.

        Raises InvalidInput for a blank text (its number is told) or another kind.
        """
        encodings = self._tokenize(texts, kind)
        tokens = np.array([len(encoding.ids) for encoding in encodings], dtype=np.int64)
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        # Equal lengths side by side: padding would otherwise cost more than the texts.
        for rows in _batches(np.argsort(tokens, kind="stable"), tokens):
            vectors[rows] = self._run([encodings[row].ids for row in rows])
        return Embedded(vectors, tokens, np.array([bool(e.overflowing) for e in encodings], dtype=bool))

    def _tokenize(self, texts: Sequence[str], kind: str) -> list[Encoding]:
        prompts = {"query": self.description.query_prompt, "passage": self.description.passage_prompt}
        if kind not in prompts:
            raise InvalidInput(f"kind is {kind!r}; it must be 'query' or 'passage'.", given=kind)
        read = [prompts[kind] + clean(text, f"text number {n}") for n, text in enumerate(texts, start=1)]
        if self.description.romanise:
            read = [romanised(text) for text in read]
        return list(self._tokenizer.encode_batch_fast(read))

    def _run(self, ids: list[list[int]]) -> np.ndarray:
        width = max(1, max(map(len, ids)))
        input_ids = np.zeros((len(ids), width), dtype=np.int64)
        attention_mask = np.zeros((len(ids), width), dtype=np.int64)
        for row, tokens in enumerate(ids):
            input_ids[row, : len(tokens)] = tokens
            attention_mask[row, : len(tokens)] = 1
        feeds = {"input_ids": input_ids, "attention_mask": attention_mask}
        return np.asarray(self._session.run(["sentence_embedding"], feeds)[0])


def _session_options(threads: int | None) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or 0
    options.log_severity_level = 3
    return options


def _providers() -> list[str]:
    """The GPU where the GPU wheel and a GPU are there, else the CPU."""
    available = onnxruntime.get_available_providers()
    return [name for name in ("CUDAExecutionProvider", "CPUExecutionProvider") if name in available]


def _batches(order: np.ndarray, tokens: np.ndarray) -> Iterator[np.ndarray]:
    """Cut rows sorted by length into runs of at most `_TOKENS_PER_BATCH` padded tokens."""
    start = 0
    for end in range(1, len(order) + 1):
        full = end < len(order) and (end + 1 - start) * tokens[order[end]] > _TOKENS_PER_BATCH
        if full or end == len(order):
            yield order[start:end]
            start = end
