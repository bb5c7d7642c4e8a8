"""A hundred lines of FastAPI and ONNX Runtime that gather what waits into batches. Run by the peers' Python.

MODEL: the model's folder. PASSAGES: file with a passage a line. What a careful engineer writes in an afternoon,
without deadlines, limits, filters, languages or anything on disk.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import faiss
import numpy as np
import onnxruntime
from fastapi import FastAPI
from pydantic import BaseModel
from tokenizers import Tokenizer

MOST = 32
folder = Path(os.environ["MODEL"])
options = onnxruntime.SessionOptions()
options.add_session_config_entry("session.intra_op.allow_spinning", "0")
session = onnxruntime.InferenceSession(str(folder / "onnx" / "model.onnx"), options)
tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
tokenizer.enable_truncation(256)
tokenizer.no_padding()
needed = {given.name for given in session.get_inputs()}
waiting: asyncio.Queue[tuple[list[str], asyncio.Future[np.ndarray]]] = asyncio.Queue()
pool = ThreadPoolExecutor(1)
passages = Path(os.environ["PASSAGES"]).read_text(encoding="utf-8").splitlines()


def encode(texts: list[str]) -> np.ndarray:
    """Mean of the tokens' vectors, normalised; batches of equal length side by side."""
    encodings = tokenizer.encode_batch_fast(texts)
    order = sorted(range(len(texts)), key=lambda row: len(encodings[row].ids))
    found: list[np.ndarray] = [np.empty(0)] * len(texts)
    for start in range(0, len(order), MOST):
        rows = order[start : start + MOST]
        ids = np.zeros((len(rows), max(len(encodings[row].ids) for row in rows)), np.int64)
        mask = np.zeros_like(ids)
        for place, row in enumerate(rows):
            ids[place, : len(encodings[row].ids)] = encodings[row].ids
            mask[place, : len(encodings[row].ids)] = 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        tokens = session.run(None, {name: feed[name] for name in needed})[0]
        vectors = (tokens * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        for row, vector in zip(rows, vectors / np.linalg.norm(vectors, axis=1, keepdims=True), strict=True):
            found[row] = vector
    return np.stack(found).astype(np.float32)


async def work() -> None:
    """Encode what waits, as much as fits together, again and again."""
    loop = asyncio.get_running_loop()
    while True:
        asked = [await waiting.get()]
        while not waiting.empty() and sum(len(texts) for texts, _ in asked) < MOST:
            asked.append(waiting.get_nowait())
        texts = [text for given, _ in asked for text in given]
        vectors = await loop.run_in_executor(pool, encode, texts)
        start = 0
        for given, future in asked:
            if not future.done():
                future.set_result(vectors[start : start + len(given)])
            start += len(given)


async def vectors_of(texts: list[str]) -> np.ndarray:
    """Vectors, when their turn has come."""
    future: asyncio.Future[np.ndarray] = asyncio.get_running_loop().create_future()
    waiting.put_nowait((texts, future))
    return await future


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Fill the index, and keep the worker alive."""
    vectors = encode(passages)
    app.state.index = faiss.IndexFlatIP(vectors.shape[1])
    app.state.index.add(vectors)
    worker = asyncio.create_task(work())
    yield
    worker.cancel()


app = FastAPI(lifespan=lifespan)


class Texts(BaseModel):
    """Texts to encode."""

    texts: list[str]


class Asked(BaseModel):
    """A question."""

    query: str
    k: int = 10


@app.get("/ready")
async def ready() -> dict[str, str]:
    """Whether it is up."""
    return {"status": "ok"}


@app.post("/embed")
async def embed(body: Texts) -> dict[str, list[list[float]]]:
    """Vectors of texts."""
    return {"vectors": (await vectors_of(body.texts)).tolist()}


@app.post("/search")
async def search(body: Asked) -> dict[str, list[dict[str, object]]]:
    """The nearest passages."""
    scores, numbers = app.state.index.search(await vectors_of([body.query]), body.k)
    hits = zip(scores[0].tolist(), numbers[0].tolist(), strict=True)
    return {"hits": [{"score": score, "text": passages[number]} for score, number in hits]}
