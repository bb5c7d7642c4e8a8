"""What a bias report costs a search.

    python -m benchmarks.evenness --passages 1000000        about a quarter of an hour for the graph

Made vectors in 50 languages by Zipf's law, each a little aside, in a collection of its own kind: SQLite and segments in
a folder. The same questions are answered with and without a report, in turns, one at a time and on one thread, their
vectors known. With an empty folder the collection is made first; with `--folder` it is kept for the next time. Beside
the clock's time stands the processor's, which other work on the machine lengthens less.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Annotated, cast

import numpy as np
import typer

from index.collection import Collection
from index.encoder import Embedded, Encoder
from index.local.index import LocalIndex
from index.making import making_of
from index.passages import Passage
from index.question import Question

LANGUAGES = 50
BATCH = 10_000
WARM = 50


def main(
    passages: Annotated[int, typer.Option(help="Passages in the collection.")] = 100_000,
    dim: Annotated[int, typer.Option(help="Length of a vector.")] = 384,
    queries: Annotated[int, typer.Option(help="Queries that are timed.")] = 1000,
    lean: Annotated[float, typer.Option(help="How far the third language is ahead; above 0 most answers warn.")] = 0.0,
    folder: Annotated[Path | None, typer.Option(help="Where to keep the collection; unset: nowhere.")] = None,
) -> None:
    """Print both times and what they differ by."""
    with tempfile.TemporaryDirectory() as own:
        encoder = cast(Encoder, _Known(dim))
        index = LocalIndex((folder or Path(own)) / f"even-{passages}-{dim}", making_of(encoder))
        if not index.counts():
            _fill(index, passages, dim)
        with Collection(index, encoder) as collection:
            _measure(collection, _queries(dim, queries + WARM, lean))


class _Known:
    """Stands for the encoder: all vectors are known."""

    def __init__(self, dim: int) -> None:
        self.name, self.fingerprint, self.dimension = "made", "made", dim


def _fill(index: LocalIndex, passages: int, dim: int) -> None:
    shares = 1 / np.arange(1, LANGUAGES + 1)
    with index.bulk():
        for start in range(0, passages, BATCH):
            rng = np.random.default_rng(start + 1)
            codes = rng.choice(LANGUAGES, min(BATCH, passages - start), p=shares / shares.sum())
            batch = [
                Passage(f"p{start + row}", f"A passage of some words, number {start + row}.", _code(code))
                for row, code in enumerate(codes.tolist())
            ]
            index.upsert(batch, _vectors(rng, codes, dim))
            print(f"{start + len(batch):,} stored", flush=True)


def _code(place: int) -> str:
    return "abcdefghij"[place // 10] + "abcdefghij"[place % 10]


def _vectors(rng: np.random.Generator, codes: np.ndarray, dim: int) -> np.ndarray:
    """Subjects with a decaying spectrum, shared by all languages, each of which stands a little aside."""
    made = np.random.default_rng(0)
    spectrum = 1 / np.sqrt(np.arange(1, dim + 1))
    centres = made.standard_normal((2000, dim)) * spectrum
    aside = 0.35 * made.standard_normal((LANGUAGES, dim)) * spectrum
    drawn = centres[rng.integers(0, len(centres), len(codes))] + 0.7 * rng.standard_normal((len(codes), dim)) * spectrum
    drawn += aside[codes]
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), dtype=np.float32)


def _queries(dim: int, count: int, lean: float) -> np.ndarray:
    vectors = _vectors(np.random.default_rng(7), np.random.default_rng(8).integers(0, LANGUAGES, count), dim)
    toward = np.random.default_rng(0)
    toward.standard_normal((2000, dim))
    vectors += lean * (toward.standard_normal((LANGUAGES, dim))[2] / np.sqrt(np.arange(1, dim + 1))).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _measure(collection: Collection, queries: np.ndarray) -> None:
    def ask(query: np.ndarray, bias: bool, as_data: bool) -> bool:
        """Ask once; whether the answer warns."""
        question = Question("made", 10, query_language="en", bias=bias)
        embedded = Embedded(query, np.ones(1, dtype=np.int64), np.zeros(1, dtype=bool))
        answer = collection.answer([question], embedded)[0]
        if as_data:
            answer.as_json()
        return answer.bias is not None and answer.bias.warning is not None

    ways = {
        "search": (False, False),
        "with a report": (True, False),
        "search, as plain data": (False, True),
        "with a report, as plain data": (True, True),
    }
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    warned = 0
    rng = np.random.default_rng(1)
    for number, query in enumerate(queries):
        for name in rng.permutation(list(ways)).tolist():
            started = time.perf_counter(), time.thread_time()
            warns = ask(query[np.newaxis], *ways[name])
            if number >= WARM:
                times[name].append((time.perf_counter() - started[0], time.thread_time() - started[1]))
                warned += warns and name == "with a report"
    counts = collection.counts()
    print(f"\n{sum(counts.values()):,} passages, {len(counts)} languages; {warned / len(times['search']):.1%} warned\n")
    print("| | p50 ms | p95 ms | of the processor | more than a search |\n| --- | ---: | ---: | ---: | ---: |")
    taken = {name: np.array(pairs) * 1e3 for name, pairs in times.items()}
    bases = {"with a report": "search", "with a report, as plain data": "search, as plain data"}
    for name, pairs in taken.items():
        middle, late = np.quantile(pairs[:, 0], [0.5, 0.95])
        own, base = np.median(pairs[:, 1]), np.median(taken[bases.get(name, name)][:, 1])
        more = f"{own / base - 1:+.1%}" if name in bases else ""
        print(f"| {name} | {middle:.3f} | {late:.3f} | {own:.3f} | {more} |")


if __name__ == "__main__":
    typer.run(main)
