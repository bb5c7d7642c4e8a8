"""Texts to vectors with ONNX Runtime."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from index.encoder_folder import DESCRIPTION, MODEL, TOKENIZER, EncoderDescription, find_encoder
from index.errors import InvalidInput
from index.foreign_encoder import OpenedEncoder, Prompts, load_tokenizer, open_foreign
from index.graph import Graph
from index.pooling import normalise
from index.text import clean
from index.threads import share_cores

__all__ = ["Embedded", "Encoder", "Kind", "Tokenized", "batches", "join", "shorten"]

Kind = Literal["query", "passage"]


@dataclass(frozen=True, slots=True)
class Embedded:
    """Vectors with what happened on the way.

    vectors: (n, dim) float32, L2-normalised.
    tokens: (n,) int64, tokens read of each text. truncated: (n,) bool, whether more were dropped.
    """

    vectors: np.ndarray
    tokens: np.ndarray
    truncated: np.ndarray


@dataclass(frozen=True, slots=True)
class Tokenized:
    """Texts as the encoder reads them.

    ids: each text's tokens, at most as many as the encoder reads. truncated: (n,) bool, whether more were dropped.
    """

    ids: list[list[int]]
    truncated: np.ndarray


class Encoder:
    """An encoder, loaded. Safe for threads.

    folder: an encoder folder of Isoglot's or another tool's, a bundled encoder's name, or a hub id.
    threads: cores for ONNX Runtime and tokenizers; None means all there are (`index/threads.py`).
    query_prompt, passage_prompt: put before each text, for a foreign encoder that does not say
    its own; None means what it says. pooling: how vectors of tokens become one ("mean", "cls", …), for a
    foreign encoder that does not say; None means it must. offline: never ask a hub, use its cache alone.
    Raises NotFound or DamagedEncoder when the folder cannot be used, InvalidInput when a prompt
    is given for an encoder that fixes its prompts.
    """

    def __init__(
        self,
        folder: Path | str,
        threads: int | None = None,
        query_prompt: str | None = None,
        passage_prompt: str | None = None,
        pooling: str | None = None,
        offline: bool = False,
    ) -> None:
        self.folder = find_encoder(str(folder), offline)
        prompts, threads = Prompts(query_prompt, passage_prompt), share_cores(threads)
        if (self.folder / DESCRIPTION).is_file():
            opened = _open_own(self.folder, prompts, threads)
        else:
            opened = open_foreign(self.folder, prompts, threads, pooling)
        self.description, self._tokenizer, self._graph, self._finish = opened
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

    @cached_property
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
        tokenized = self.tokenize(texts, kind)
        tokens = np.array([len(ids) for ids in tokenized.ids], dtype=np.int64)
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        # Equal lengths side by side: padding would otherwise cost more than the texts.
        for rows in batches(np.argsort(tokens, kind="stable"), tokens, self._graph.tokens_at_once):
            vectors[rows] = self.run([tokenized.ids[row] for row in rows])
        return Embedded(vectors, tokens, tokenized.truncated)

    def tokenize(self, texts: Sequence[str], kind: str) -> Tokenized:
        """Tokens of texts, with the prompt of their kind before them.

        Raises InvalidInput for a blank text (its number is told) or another kind.
        """
        prompts = {"query": self.description.query_prompt, "passage": self.description.passage_prompt}
        if kind not in prompts:
            raise InvalidInput(f"kind is {kind!r}; it must be 'query' or 'passage'.", given=kind)
        read = self.description.reader
        checked = (clean(text, f"text number {n}") for n, text in enumerate(texts, start=1))
        encodings = self._tokenizer.encode_batch_fast([read(prompts[kind] + text) for text in checked])
        return Tokenized([e.ids for e in encodings], np.array([bool(e.overflowing) for e in encodings], dtype=bool))

    def take_tokens(self, ids: Sequence[Sequence[int]]) -> Tokenized:
        """Check tokens that the caller made with this encoder's tokenizer, and cut what it does not read.

        Raises InvalidInput for an empty list or a number that is no token of this encoder.
        """
        size, limit = self._tokenizer.get_vocab_size(), self.description.maximum_tokens
        for number, tokens in enumerate(ids, start=1):
            if not tokens or min(tokens) < 0 or max(tokens) >= size:
                raise InvalidInput(
                    f"Token list number {number} is empty or holds a number that is no token of {self.name}; they go "
                    f"from 0 to {size - 1:,}. Tokens of other models mean nothing here: send the text instead.",
                    vocabulary=size,
                )
        return Tokenized([list(tokens[:limit]) for tokens in ids], np.array([len(tokens) > limit for tokens in ids]))

    def run(self, ids: list[list[int]]) -> np.ndarray:
        """Vectors of tokenised texts in one run, shorter ones padded: (n, dim) float32, L2-normalised."""
        return self._finish(*self._graph.run(ids))


def join(parts: Sequence[Embedded]) -> Embedded:
    """Several, at least one, as one, in order."""
    return Embedded(
        np.concatenate([part.vectors for part in parts]),
        np.concatenate([part.tokens for part in parts]),
        np.concatenate([part.truncated for part in parts]),
    )


def shorten(vectors: np.ndarray, dimension: int) -> np.ndarray:
    """The first components of vectors, normalised again: (n, dimension) float32.

    For encoders trained so that this works (Kusupati et al. 2022, "Matryoshka Representation Learning",
    arXiv 2205.13147).
    """
    return normalise(vectors[:, :dimension])


def _open_own(folder: Path, prompts: Prompts, threads: int | None) -> OpenedEncoder:
    """Open a folder that has an `encoder.json`; its graph pools and normalises."""
    description = EncoderDescription.read(folder)
    if prompts != Prompts(None, None):
        raise InvalidInput(
            f"The encoder {description.name} fixes its prompts; give none (ISOGLOT_QUERY_PROMPT, "
            "ISOGLOT_PASSAGE_PROMPT are for encoders that do not say theirs)."
        )
    tokenizer = load_tokenizer(folder / TOKENIZER)
    graph = Graph(folder / MODEL, description.pad_id, threads)
    return OpenedEncoder(description, tokenizer, graph, lambda vectors, _: vectors)


def batches(order: np.ndarray, tokens: np.ndarray, most: int) -> Iterator[np.ndarray]:
    """Cut rows sorted by length into runs of at most `most` padded tokens."""
    start = 0
    for end in range(1, len(order) + 1):
        full = end < len(order) and (end + 1 - start) * tokens[order[end]] > most
        if full or end == len(order):
            yield order[start:end]
            start = end
