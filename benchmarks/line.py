"""What the line costs beyond the raw libraries, interleaved in one run.

    make bench        or        python -m benchmarks.line --encoder isoglot-static

Every round runs each contender once, in a fresh random order; the table shows medians and
the ratio to the raw libraries. Absolute numbers belong to the machine, ratios travel.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import faiss
import numpy as np
import onnxruntime
import typer
from fastapi.testclient import TestClient
from rich.console import Console
from rich.table import Table
from tokenizers import Tokenizer

from index.collection import Collection
from index.demo import demo_passages, demo_questions
from index.encoder import Encoder
from index.encoder_folder import MODEL, TOKENIZER
from index.passages import Passage
from service.app import create_app
from service.settings import Settings


class Raw:
    """tokenizers + ONNX Runtime + FAISS by hand: the least the same answer can cost."""

    def __init__(self, encoder: Encoder, passages: list[str]) -> None:
        options = onnxruntime.SessionOptions()
        self.session = onnxruntime.InferenceSession(str(encoder.folder / MODEL), options)
        self.tokenizer = Tokenizer.from_file(str(encoder.folder / TOKENIZER))
        self.read = encoder.description.reader
        self.texts = passages
        self.index = faiss.IndexFlatIP(encoder.dimension)
        self.index.add(encoder.encode(passages, "passage"))

    def encode(self, texts: list[str]) -> np.ndarray:
        """Batches of 32 sorted by length."""
        encodings = self.tokenizer.encode_batch_fast([self.read(text) for text in texts])
        order = sorted(range(len(texts)), key=lambda i: len(encodings[i].ids))
        out = np.empty((len(texts), self.index.d), dtype=np.float32)
        for start in range(0, len(order), 32):
            rows = order[start : start + 32]
            width = max(len(encodings[i].ids) for i in rows)
            ids = np.zeros((len(rows), width), dtype=np.int64)
            mask = np.zeros_like(ids)
            for row, i in enumerate(rows):
                ids[row, : len(encodings[i].ids)] = encodings[i].ids
                mask[row, : len(encodings[i].ids)] = 1
            out[rows] = self.session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        return out

    def search(self, query: str) -> list[str]:
        """The ten nearest passages' texts."""
        _, numbers = self.index.search(self.encode([query]), 10)
        return [self.texts[i] for i in numbers[0]]


def interleaved(contenders: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each contender; one warm-up round is thrown away."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds + 1):
        for name in random.sample(sorted(contenders), len(contenders)):
            started = time.perf_counter()
            contenders[name]()
            if turn:
                times[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in times.items()}


def main(
    encoder: Annotated[str, typer.Option(help="Encoder folder or bundled name.")] = "isoglot-static",
    passages: Annotated[int, typer.Option(help="Passages in the collection.")] = 13_000,
    rounds: Annotated[int, typer.Option(help="Rounds; one more is run to warm up.")] = 15,
) -> None:
    """Measure encoding and searching against the raw libraries."""
    random.seed(0)
    loaded = Encoder(encoder)
    rows = demo_passages()
    pool = [
        Passage(str(n), f"{rows[n % len(rows)]['text']} {n}", rows[n % len(rows)]["language"]) for n in range(passages)
    ]
    questions = [text for row in demo_questions() for text in row["questions"].values()]
    raw = Raw(loaded, [passage.text for passage in pool])
    _encoding(raw, loaded, questions[:1000], rounds)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder), encoder=encoder, demo=False, collection="docs")
        with TestClient(create_app(settings)) as client:
            collection = client.app.state.engine.catalog.create("docs")[0]  # type: ignore[attr-defined]
            for start in range(0, passages, 1000):
                collection.upsert(pool[start : start + 1000])
            _searching(raw, collection, client, random.choices(questions, k=20), rounds)


def _encoding(raw: Raw, encoder: Encoder, texts: list[str], rounds: int) -> None:
    contenders = {"raw libraries": lambda: raw.encode(texts), "Encoder": lambda: encoder.encode(texts, "query")}
    _report(f"encode {len(texts):,} questions: sentences/s", interleaved(contenders, rounds), len(texts))


def _searching(raw: Raw, collection: Collection, client: TestClient, asked: list[str], rounds: int) -> None:
    contenders: dict[str, Callable[[], object]] = {
        "raw libraries": lambda: [raw.search(query) for query in asked],
        "Collection": lambda: [collection.search(query) for query in asked],
        "POST /search": lambda: [client.post("/search", json={"query": query}).raise_for_status() for query in asked],
    }
    size = sum(collection.counts().values())
    _report(f"search {size:,} passages, one question at a time: queries/s", interleaved(contenders, rounds), len(asked))


def _report(title: str, medians: dict[str, float], per: int) -> None:
    table = Table(title=title, title_justify="left")
    for heading in ("contender", "per second", "ms each", "of raw"):
        table.add_column(heading, justify="left" if heading == "contender" else "right")
    for name, seconds in medians.items():
        rate = per / seconds
        ratio = medians["raw libraries"] / seconds
        table.add_row(name, f"{rate:,.0f}", f"{1000 / rate:.2f}", f"{ratio:.2f}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
