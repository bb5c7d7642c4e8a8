"""Who indexes the same file in the indexing benchmark: a job, the bare encoder, the script everybody writes.

Loading a model is left out for all of them. What each does within its time:
- job: reads, checks, compares, encodes, writes durably to SQLite (`isoglot index build`);
- job again: the same over what is stored, so that nothing is encoded;
- bare ONNX Runtime: tokenises, sorts all texts by length and runs the graph; keeps vectors in memory;
- script: reads, `SentenceTransformer.encode`, `faiss.IndexFlatIP.add`; keeps vectors in memory.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import faiss
import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from index.encoder import Encoder
from index.encoder_folder import MODEL, TOKENIZER, EncoderDescription, find_encoder
from index.jobs import JobSpec, build
from index.settings import IndexSettings

__all__ = ["AGAIN", "BARE", "JOB", "SCRIPT", "Bare", "Jobs", "Script", "Taken"]

JOB, AGAIN, BARE, SCRIPT = "job", "job again", "bare ONNX Runtime", "script"

_BATCHES = (8, 32, 128)
"""Texts in a run of the bare graph; the fastest in a first round is kept."""


class Taken(NamedTuple):
    """Seconds on the clock, and of processor time, of all threads together.

    On a machine that is busy with other things the second says more; threads that spin while they wait count in it.
    """

    seconds: float
    processor: float


def timed(work: Callable[[], object]) -> Taken:
    """What some work takes."""
    started, spent = time.perf_counter(), time.process_time()
    work()
    return Taken(time.perf_counter() - started, time.process_time() - spent)


class Jobs:
    """A job into an empty collection, and the same job again.

    encoder: folder or bundled name. threads: cores; None means all.
    """

    def __init__(self, encoder: str, threads: int | None) -> None:
        self._encoder, self._threads, self._loaded = encoder, threads, Encoder(encoder, threads)

    def run(self, file: Path, data: Path) -> Taken:
        """Time of a job; data: where its collection and ledger are, or will be."""
        settings = _Settings(data=data, encoder=self._encoder, threads=self._threads)
        settings.keep(self._loaded)
        return timed(lambda: build(JobSpec(sources=[str(file)], collection="docs"), settings))


class _Settings(IndexSettings):
    """Settings with the encoder loaded already."""

    _kept: Encoder | None = None

    def keep(self, encoder: Encoder) -> None:
        """Give this encoder instead of loading one."""
        self._kept = encoder

    def load_encoder(self) -> Encoder:
        """The one kept."""
        assert self._kept is not None
        return self._kept


class Bare:
    """An encoder's graph and tokenizer without Isoglot.

    encoder: folder or bundled name. texts: some to choose the size of batches by. threads: cores; None means all.
    """

    def __init__(self, encoder: str, texts: Sequence[str], threads: int | None) -> None:
        folder = find_encoder(encoder)
        self._description = EncoderDescription.read(folder)
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._tokenizer.enable_truncation(self._description.maximum_tokens)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        self._session = onnxruntime.InferenceSession(str(folder / MODEL), options)
        self.batch = min(_BATCHES, key=lambda size: timed(lambda: self._encode(texts, size)).seconds)

    def run(self, file: Path) -> Taken:
        """Time of encoding the texts of a file, which is read before."""
        texts = [row["text"] for row in _rows(file)]
        return timed(lambda: self._encode(texts, self.batch))

    def _encode(self, texts: Sequence[str], size: int) -> np.ndarray:
        read, prompt = self._description.reader, self._description.passage_prompt
        found = self._tokenizer.encode_batch_fast([read(prompt + text) for text in texts])
        order = sorted(range(len(found)), key=lambda place: len(found[place].ids))
        vectors = np.empty((len(found), self._description.dimension), np.float32)
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            vectors[rows] = self._run([found[row].ids for row in rows])
        return vectors

    def _run(self, ids: list[list[int]]) -> Any:
        width = max(map(len, ids))
        given = np.full((len(ids), width), self._description.pad_id, np.int64)
        mask = np.zeros_like(given)
        for row, tokens in enumerate(ids):
            given[row, : len(tokens)], mask[row, : len(tokens)] = tokens, 1
        return self._session.run(None, {"input_ids": given, "attention_mask": mask})[0]


class Script:
    """The usual script. model: a sentence-transformers folder. threads: cores; None means what torch takes."""

    def __init__(self, model: Path, threads: int | None) -> None:
        import torch
        from sentence_transformers import SentenceTransformer

        if threads:
            torch.set_num_threads(threads)
        self._model = SentenceTransformer(str(model), device="cpu")

    def run(self, file: Path) -> Taken:
        """Time from the file to the index."""
        return timed(lambda: self._index(file))

    def _index(self, file: Path) -> faiss.Index:
        texts = [row["text"] for row in _rows(file)]
        vectors = self._model.encode(texts, normalize_embeddings=True, show_progress_bar=False)
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(vectors)
        return index


def _rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
