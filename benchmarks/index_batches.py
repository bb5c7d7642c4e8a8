"""Batches of queries: Isoglot beside bare FAISS as it comes, on one thread, exact and through a graph.

    python -m benchmarks.index_batches --work .bench-index --size 20000

Made vectors as in `benchmarks/index.py`, from the same folder. For every storage and with a tenth of the passages
deleted (so that a selector stands between) it prints medians in ms of FAISS and of `LocalIndex.search`, which
reads the passages' texts too, and their ratio.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__" and Path(sys.path[0]).resolve() == ROOT / "benchmarks":
    sys.path[0] = str(ROOT)  # run as a file, this one would stand in for the package `index`

import faiss  # noqa: E402
import numpy as np  # noqa: E402
import typer  # noqa: E402
from pydantic import TypeAdapter  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from benchmarks.index_data import Data, K, made  # noqa: E402
from benchmarks.index_isoglot import BLOCK, passage  # noqa: E402
from index.local.build import Shape  # noqa: E402
from index.local.index import LocalIndex  # noqa: E402
from index.local.manifest import Storage  # noqa: E402
from index.local.segment import empty_storage  # noqa: E402
from index.question import Scope  # noqa: E402
from index.threads import share_cores  # noqa: E402

BATCHES = (1, 8, 32, 128)
REPEATS = 7
DELETED = 10  # every tenth
AS_IT_COMES = faiss.cvar.distance_compute_blas_threshold


def main(
    size: Annotated[int, typer.Option(help="Vectors.")] = 20_000,
    dim: Annotated[int, typer.Option(help="Their dimension.")] = 384,
    storage: Annotated[list[str] | None, typer.Option(help="float32, float16, int8; all when left out.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads granted; None takes the cores there are.")] = None,
    work: Annotated[Path, typer.Option(help="Where data is kept.")] = Path(".bench-index"),
) -> None:
    """Measure and print."""
    share_cores(threads)
    data = made(work, size, dim, max(BATCHES))
    table = Table("storage", "search", "queries", "FAISS ms", "Isoglot ms", "ratio")
    for kind in TypeAdapter(list[Storage]).validate_python(storage or ["float32", "float16", "int8"]):
        for search, exact_below in (("exact", 10 * size), ("graph", size // 2)):
            index = _filled(work / "batches", data, Shape(storage=kind, exact_below=exact_below))
            bare = _bare(index, data, kind) if search == "exact" else _graph(index)
            for name in (search, f"{search}, a tenth deleted"):
                for count in BATCHES:
                    theirs, ours = _measured(bare(name), index, data.queries[:count])
                    table.add_row(kind, name, str(count), f"{theirs:.2f}", f"{ours:.2f}", f"{ours / theirs:.2f}")
                index.delete([str(number) for number in range(0, size, DELETED)])
            index.close()
    Console(width=100).print(table)


def _filled(folder: Path, data: Data, shape: Shape) -> LocalIndex:
    shutil.rmtree(folder, ignore_errors=True)
    index = LocalIndex(folder, {"dimension": str(data.dim)}, shape=shape)
    with index.bulk():
        for start in range(0, len(data.vectors), BLOCK):
            vectors = np.array(data.vectors[start : start + BLOCK])
            index.upsert([passage(data, n) for n in range(start, start + len(vectors))], vectors)
    return index


def _bare(index: LocalIndex, data: Data, kind: Storage) -> Callable[[str], Callable[[np.ndarray], Any]]:
    del index
    storage = empty_storage(kind, data.dim)
    vectors = np.ascontiguousarray(data.vectors)
    storage.train(vectors)
    storage.add(vectors)
    kept = np.arange(len(vectors)) % DELETED != 0
    parameters = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(np.packbits(kept, bitorder="little")))
    return lambda name: lambda some: storage.search(some, K, params=parameters if "deleted" in name else None)


def _graph(index: LocalIndex) -> Callable[[str], Callable[[np.ndarray], Any]]:
    """The graph that Isoglot walks, with the effort that it takes."""
    segment = index.state.view.segments[0]
    kept = (segment.numbers - 1) % DELETED != 0  # numbers begin at one
    bits = faiss.IDSelectorBitmap(np.packbits(kept, bitorder="little"))
    whole = faiss.SearchParametersHNSW(efSearch=segment.facts.effort[""])
    part = faiss.SearchParametersHNSW(efSearch=segment.facts.effort[""] * DELETED // (DELETED - 1), sel=bits)
    return lambda name: lambda some: segment.graph.search(some, K, params=part if "deleted" in name else whole)


def _measured(bare: Callable[[np.ndarray], Any], index: LocalIndex, queries: np.ndarray) -> tuple[float, float]:
    """Medians in ms, the two in turns; FAISS with the threshold it comes with, and one thread."""
    ours_threshold, scope = faiss.cvar.distance_compute_blas_threshold, Scope(K)
    theirs, ours = [], []
    for _ in range(REPEATS):
        faiss.omp_set_num_threads(1)
        faiss.cvar.distance_compute_blas_threshold = AS_IT_COMES
        began = time.perf_counter()
        bare(queries)
        theirs.append(time.perf_counter() - began)
        faiss.cvar.distance_compute_blas_threshold = ours_threshold
        began = time.perf_counter()
        index.search(queries, scope)
        ours.append(time.perf_counter() - began)
    return float(np.median(theirs)) * 1e3, float(np.median(ours)) * 1e3


if __name__ == "__main__":
    typer.run(main)
