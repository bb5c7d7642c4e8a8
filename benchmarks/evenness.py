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
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from index.bias import Reporter
from index.local.index import LocalIndex
from index.passages import Passage
from index.question import Scope

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
        index = LocalIndex((folder or Path(own)) / f"even-{passages}-{dim}", {"encoder": "made", "dimension": str(dim)})
        if not index.counts():
            _fill(index, passages, dim)
        asked = _queries(dim, queries + WARM, lean)
        _measure(index, asked)
        index.close()


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


def _measure(index: LocalIndex, queries: np.ndarray) -> None:
    scope, reporter = Scope(10), Reporter(index.means, index.sample)

    def plain(query: np.ndarray) -> bool:
        return bool([hit.passage.id for hit in index.search(query, scope)[0]]) and False

    def reported(query: np.ndarray) -> bool:
        found = index.search_wider(query, scope)[0]
        told = (found.scores, found.languages, len(found.hits))
        report = reporter.reports(query, [told], None)[0]
        return bool([hit.passage.id for hit in found.hits]) and report.warning is not None

    def as_data(query: np.ndarray) -> bool:
        found = index.search_wider(query, scope)[0]
        told = (found.scores, found.languages, len(found.hits))
        return reporter.reports(query, [told], None)[0].as_json()["warning"] is not None

    ways: dict[str, Callable[[np.ndarray], bool]] = {"search": plain, "with report": reported, "as data too": as_data}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    warned = 0
    rng = np.random.default_rng(1)
    for number, query in enumerate(queries):
        for name in rng.permutation(list(ways)).tolist():
            started = time.perf_counter(), time.thread_time()
            warns = ways[name](query[np.newaxis])
            if number >= WARM:
                times[name].append((time.perf_counter() - started[0], time.thread_time() - started[1]))
                warned += warns and name == "with report"
    counts = index.counts()
    print(f"\n{sum(counts.values()):,} passages, {len(counts)} languages; {warned / len(times['search']):.1%} warned\n")
    print("| | p50 ms | p95 ms | of the processor | more than a search |\n| --- | ---: | ---: | ---: | ---: |")
    taken = {name: np.array(pairs) * 1e3 for name, pairs in times.items()}
    for name, pairs in taken.items():
        middle, late = np.quantile(pairs[:, 0], [0.5, 0.95])
        own, base = np.median(pairs[:, 1]), np.median(taken["search"][:, 1])
        print(f"| {name} | {middle:.3f} | {late:.3f} | {own:.3f} | {own / base - 1:+.1%} |")


if __name__ == "__main__":
    typer.run(main)
