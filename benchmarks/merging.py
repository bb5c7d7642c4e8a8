"""Time and recall of every merge rule, beside raw scores, on made vectors.

    python -m benchmarks.merging --size 100000 --languages 50

Vectors are those of `benchmarks/index.py`, in more languages: shares follow Zipf's law down to 0.1 %, and queries and
passages of a language sit aside in one direction, so that raw scores prefer the query's language. What is timed is a
search in a local collection with texts, one query at a time, rules taking turns in a fresh random order with the same
query. Recall is that of the rule's exact first ten, computed from all vectors. The collection is kept in the folder and
made anew only when it is not there. CPU is the searching thread's own time (median), which other work on the machine
changes less than the clock's.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import perf_counter, thread_time
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.index_data import _World, zipf
from index.backend import PassageIndex
from index.local.build import Shape
from index.local.index import LocalIndex
from index.merging import Candidates, Merge, Statistics, parse_merge
from index.merging.keeping import Corrections
from index.passages import Passage
from index.question import Scope

K = 10
BLOCK = 10_000


def rules(codes: list[str]) -> dict[str, Merge]:
    """Every rule with what it takes to run, by what the table calls it."""
    given = {
        "score": "score", "centred": "centred", "centred, query side": {"rule": "centred", "query_side": True},
        "standardised": "standardised", "standardised, tail 3": {"rule": "standardised", "tail": 3}, "lir": "lir",
        "shift": "shift", "round-robin": "round-robin", "proportional": "proportional",
        "quota, half to one": {"rule": "quota", "shares": {codes[1]: 0.5}}, "reserved": "reserved",
    }  # fmt: skip
    return {name: parse_merge(rule) for name, rule in given.items()}


def main(
    size: Annotated[int, typer.Option(help="Passages.")] = 100_000,
    dim: Annotated[int, typer.Option(help="Dimension of the vectors.")] = 384,
    languages: Annotated[int, typer.Option(help="Languages.")] = 50,
    queries: Annotated[int, typer.Option(help="Queries that are timed.")] = 200,
    judged: Annotated[int, typer.Option(help="Queries of which recall is measured.")] = 50,
    work: Annotated[Path, typer.Option(help="Folder for vectors and the collection.")] = Path("bench-work/merging"),
    storage: Annotated[str, typer.Option(help="How vectors are kept: float32, float16 or int8.")] = "float32",
) -> None:
    """Print a table: p50 and p95 of each rule, both as ratios to raw scores, and recall."""
    codes = [f"{first}{second}" for first in "abcde" for second in "abcdefghijklmnopqrstuvwxyz"][:languages]
    folder = work / f"{storage}-{size}x{dim}x{languages}"
    vectors, spoken, asked, asked_in = _data(size, dim, languages, folder, queries)
    index = _collection(folder / "collection", vectors, spoken, codes, storage)
    corrections = Corrections(index, "f")
    named = rules(codes)
    scope = Scope(K)
    seconds: dict[str, list[float]] = {name: [] for name in named}
    busy: dict[str, list[float]] = {name: [] for name in named}
    rng = np.random.default_rng(0)
    for query, language in zip(asked, asked_in.tolist(), strict=True):
        for name in rng.permutation(list(named)).tolist():
            start, began = perf_counter(), thread_time()
            answer(index, corrections, named[name], query, codes[language], scope)
            seconds[name].append(perf_counter() - start)
            busy[name].append(thread_time() - began)
    recall = {
        name: _recall(index, corrections, merge, vectors, spoken, codes, asked[:judged], asked_in)
        for name, merge in named.items()
    }
    _show(named, seconds, busy, recall, f"{size:,} passages of {dim}, {languages} languages, {storage}")
    corrections.close()
    index.close()


def answer(
    index: PassageIndex, corrections: Corrections, merge: Merge, query: np.ndarray, code: str, scope: Scope
) -> list[str]:
    """Ids of the hits, as `Collection.answer` finds them."""
    if merge.rule == "score":
        return [hit.passage.id for hit in index.search(query[None], scope)[0]]
    statistics = corrections.statistics(scope.languages, merge.needs_fitting)
    return [h.passage.id for h in index.merged([merge.lens(query, statistics, code)], merge, statistics, scope)[0]]


def _data(
    size: int, dim: int, languages: int, folder: Path, queries: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    shares = zipf(languages)
    world = _World(size, dim, languages)
    spoken = np.random.default_rng(1).choice(languages, size, p=shares)
    kept = folder / "vectors.npy"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        out = np.lib.format.open_memmap(kept, "w+", np.float32, (size, dim))
        for start in range(0, size, BLOCK):
            out[start : start + BLOCK] = world.draw(start, spoken[start : start + BLOCK])
        out.flush()
    asked_in = np.random.default_rng(2).choice(languages, queries, p=shares)
    return np.load(kept, mmap_mode="r"), spoken, world.draw(10**9, asked_in), asked_in


def _collection(folder: Path, vectors: np.ndarray, spoken: np.ndarray, codes: list[str], storage: str) -> LocalIndex:
    facts = {"encoder": "made", "fingerprint": "f", "dimension": str(vectors.shape[1])}
    index = LocalIndex(folder, facts, shape=Shape(storage))  # type: ignore[arg-type]
    held = sum(index.counts().values())
    with index.bulk():
        for start in range(held, len(vectors), BLOCK):
            rows = range(start, min(start + BLOCK, len(vectors)))
            texts = [Passage(str(row), f"passage {row}", codes[spoken[row]]) for row in rows]
            index.upsert(texts, np.asarray(vectors[rows.start : rows.stop]))
    return index


def _recall(
    index: PassageIndex, corrections: Corrections, merge: Merge, vectors: np.ndarray, spoken: np.ndarray,
    codes: list[str], asked: np.ndarray, asked_in: np.ndarray,
) -> float:  # fmt: skip
    """Share of the rule's exact first ten that a search finds."""
    statistics = corrections.statistics(None, merge.needs_fitting)
    found = 0
    for query, language in zip(asked, asked_in.tolist(), strict=False):
        exact = _exact(merge, statistics, vectors, spoken, codes, query, codes[language])
        found += len(exact & set(answer(index, corrections, merge, query, codes[language], Scope(K))))
    return found / K / len(asked)


def _exact(
    merge: Merge, statistics: Statistics, vectors: np.ndarray, spoken: np.ndarray, codes: list[str],
    query: np.ndarray, code: str,
) -> set[str]:  # fmt: skip
    lens = merge.lens(query, statistics, code)
    place = np.array([statistics.languages.index(c) if c in statistics.languages else -1 for c in codes])[spoken]
    products = np.empty(len(vectors))
    for here in range(len(statistics.languages)):
        rows = np.flatnonzero(place == here)
        products[rows] = vectors[rows] @ lens.query_of(here)
    sizes = dict(zip(statistics.languages, statistics.means.counts.tolist(), strict=True))
    candidates = Candidates(place, lens.scores(products, place), np.arange(len(vectors)), sizes)
    return {str(row) for row in merge.arrange(candidates, K)[:K].tolist()}


def _show(
    named: dict[str, Merge], seconds: dict[str, list[float]], busy: dict[str, list[float]], recall: dict[str, float],
    title: str,
) -> None:  # fmt: skip
    table = Table(title=title, title_justify="left")
    for heading in ("rule", "p50 ms", "p95 ms", "of raw p50", "of raw p95", "CPU ms", "of raw CPU", "recall@10"):
        table.add_column(heading, justify="left" if heading == "rule" else "right")
    percentile: Callable[[str, int], float] = lambda name, q: float(np.percentile(seconds[name], q))  # noqa: E731
    cpu = {name: float(np.median(busy[name])) for name in named}
    for name in named:
        cells = [percentile(name, q) for q in (50, 95)]
        ratios = [percentile(name, q) / percentile("score", q) for q in (50, 95)]
        table.add_row(
            name,
            *(f"{1e3 * cell:.2f}" for cell in cells),
            *(f"{r:.2f}" for r in ratios),
            f"{1e3 * cpu[name]:.2f}",
            f"{cpu[name] / cpu['score']:.2f}",
            f"{recall[name]:.3f}",
        )
    Console(width=100).print(table)


if __name__ == "__main__":
    typer.run(main)
