"""The bare libraries in this process: tokenizers, ONNX Runtime, FAISS and a list of texts; the limit of all servers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import faiss
import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from index.encoder import Encoder

SIZES = (8, 16, 32, 64, 128)
"""Batch sizes among which the best is chosen, on the texts themselves."""


class Bare:
    """An encoder's files by hand. encoder: says where they are and how texts are read."""

    def __init__(self, encoder: Encoder, passages: Sequence[str]) -> None:
        graph = next(p for p in ("model.onnx", "onnx/model.onnx") if (encoder.folder / p).is_file())
        self.session = onnxruntime.InferenceSession(str(encoder.folder / graph))
        self.needed = {given.name for given in self.session.get_inputs()}
        self.tokenizer = Tokenizer.from_file(str(encoder.folder / "tokenizer.json"))
        self.tokenizer.enable_truncation(encoder.description.maximum_tokens)
        self.tokenizer.no_padding()
        self.read, self.pad = encoder.description.reader, encoder.description.pad_id
        self.texts, self.size = list(passages), 32
        self.index = faiss.IndexFlatIP(encoder.dimension)
        self.index.add(self.encode(self.texts))

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors, (n, dim) float32, in batches of `size` sorted by length."""
        encodings = self.tokenizer.encode_batch_fast([self.read(text) for text in texts])
        order = sorted(range(len(texts)), key=lambda row: len(encodings[row].ids))
        parts = [self._run([encodings[row].ids for row in order[n : n + self.size]]) for n in self._starts(order)]
        vectors = np.empty((len(texts), parts[0].shape[1]), np.float32)
        vectors[order] = np.concatenate(parts)
        return vectors

    def _starts(self, order: Sequence[int]) -> range:
        return range(0, len(order), self.size)

    def _run(self, rows: list[list[int]]) -> np.ndarray:
        ids = np.full((len(rows), max(map(len, rows))), self.pad, np.int64)
        mask = np.zeros_like(ids)
        for place, row in enumerate(rows):
            ids[place, : len(row)], mask[place, : len(row)] = row, 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        found = self.session.run(None, {name: feed[name] for name in self.needed})[0]
        if found.ndim == 2:  # the graph pools itself
            return np.asarray(found)
        vectors = (found * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))

    def search(self, queries: Sequence[str]) -> list[list[str]]:
        """The ten nearest passages' texts for each query, all in one call of FAISS."""
        _, numbers = self.index.search(self.encode(queries), 10)
        return [[self.texts[number] for number in row] for row in numbers]

    def choose_size(self, texts: Sequence[str]) -> None:
        """Take the batch size that is fastest on these texts."""

        def seconds(size: int) -> float:
            """What all texts take in batches of this size."""
            self.size, started = size, time.perf_counter()
            self.encode(texts)
            return time.perf_counter() - started

        seconds(self.size)  # to warm up
        self.size = min(SIZES, key=seconds)


def rate(work: Callable[[list[str]], object], texts: Sequence[str], seconds: float, at_once: int) -> float:
    """Texts a second, in calls of so many."""
    done, started = 0, time.perf_counter()
    while (spent := time.perf_counter() - started) < seconds:
        work([texts[(done + number) % len(texts)] for number in range(at_once)])
        done += at_once
    return done / spent


def latencies(work: Callable[[list[str]], object], texts: Sequence[str], seconds: float) -> list[float]:
    """Seconds of each call, one text a call."""
    found, started = list[float](), time.perf_counter()
    while time.perf_counter() - started < seconds:
        asked = time.perf_counter()
        work([texts[len(found) % len(texts)]])
        found.append(time.perf_counter() - asked)
    return found
