"""The endpoint most people write first: FastAPI and sentence-transformers. Run by the peers' Python under uvicorn.

MODEL: the model's folder.
"""

from __future__ import annotations

import os

import torch
from fastapi import FastAPI
from pydantic import BaseModel
from sentence_transformers import SentenceTransformer

torch.set_num_threads(os.cpu_count() or 1)
model = SentenceTransformer(os.environ["MODEL"], device="cpu", local_files_only=True)
app = FastAPI()


class Texts(BaseModel):
    """What is asked."""

    texts: list[str]


@app.get("/ready")
def ready() -> dict[str, str]:
    """Whether it is up."""
    return {"status": "ok"}


@app.post("/embed")
def embed(body: Texts) -> dict[str, list[list[float]]]:
    """Vectors of texts."""
    return {"vectors": model.encode(body.texts, normalize_embeddings=True).tolist()}
