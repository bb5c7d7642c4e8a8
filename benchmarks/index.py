"""Searching with filters at up to a million vectors: Isoglot, bare FAISS and other stores, interleaved in one run.

    make bench-index        or        python -m benchmarks.index --size 10000 --size 100000 --size 1000000

Contenders take turns in a fresh random order, each with the same five queries; tables show recall@10, medians and the
ratio to the fastest bare FAISS line that reaches the recall. Made and real vectors (`--real FOLDER`), exact
answers and graphs are kept under `--work`, results of each size in `--json`, so that a run can be continued
or repeated for one size. `--report` writes the page and the picture from the results without measuring.

Peers (`index_peers.py`) come from an environment of their own and are skipped by name where they are
missing; above `--peers-at` vectors they are left out. What was built keeps the seconds it took then: compare
building after `--rebuild isoglot --rebuild faiss`. Absolute numbers belong to the machine, ratios travel.
"""

from __future__ import annotations

import gc
import importlib.metadata
import importlib.util
import json
import os
import platform
import random
import shutil
import sys
import time
from pathlib import Path
from typing import Annotated, Any

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__" and Path(sys.path[0]).resolve() == ROOT / "benchmarks":
    sys.path[0] = str(ROOT)  # run as a file, this one would stand in for the package `index`

import typer  # noqa: E402
from pydantic import TypeAdapter  # noqa: E402
from rich.console import Console  # noqa: E402

from benchmarks.index_data import Data, made, real  # noqa: E402
from benchmarks.index_isoglot import Isoglot  # noqa: E402
from benchmarks.index_lines import Contender, Flat, Graph, Hnsw, HnswByLanguage, HnswOrScan, WithTexts  # noqa: E402
from benchmarks.index_measure import measure  # noqa: E402
from benchmarks.index_peers import Chroma, LanceDb, LanceDbHnsw, Peer, Qdrant  # noqa: E402
from benchmarks.index_peers_sql import SqliteVec, Txtai  # noqa: E402
from benchmarks.index_report import show, write_page  # noqa: E402
from index.local.manifest import Storage  # noqa: E402

PEERS: list[type[Peer]] = [LanceDb, LanceDbHnsw, Chroma, Qdrant, Txtai, SqliteVec]
ALONE_QUERIES = 100
console = Console(width=120)


def main(
    size: Annotated[list[int] | None, typer.Option(help="Vectors; may be given several times.")] = None,
    dim: Annotated[int, typer.Option(help="Dimension of made vectors.")] = 384,
    real_texts: Annotated[Path | None, typer.Option("--real", help="Folder of parquet tables: lang, text.")] = None,
    queries: Annotated[int, typer.Option(max=1000, help="Queries per scenario.")] = 1000,
    recall: Annotated[float, typer.Option(help="Recall@10 that settings are chosen for.")] = 0.99,
    links: Annotated[int, typer.Option(help="Links per vector (M) of bare FAISS graphs.")] = 32,
    construction: Annotated[int, typer.Option(help="efConstruction of bare FAISS graphs.")] = 80,
    peers_at: Annotated[int, typer.Option(help="Most vectors that peers are given.")] = 100_000,
    storage: Annotated[list[str] | None, typer.Option(help="float32, float16, int8: Isoglot with each.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Contenders whose name begins so.")] = None,
    rebuild: Annotated[list[str] | None, typer.Option(help="Build these anew: isoglot, faiss, peers.")] = None,
    work: Annotated[Path, typer.Option(help="Where data and indexes are kept.")] = Path(".bench-index"),
    results: Annotated[Path, typer.Option("--json", help="Results, added to.")] = Path(".bench-index/results.json"),
    page: Annotated[Path | None, typer.Option(help="Markdown page to write, with a picture beside it.")] = None,
    report: Annotated[bool, typer.Option("--report", help="Write the page and measure nothing.")] = False,
) -> None:
    """Measure each size and report."""
    random.seed(0)
    kept: dict[str, Any] = json.loads(results.read_text()) if results.exists() else {}
    for count in [] if report else size or [10_000, 100_000, 1_000_000]:
        data = made(work, count, dim, queries) if real_texts is None else real(work, real_texts, count, queries)
        folder = work / f"built-{data.folder.name}"
        _forget(folder, rebuild or [])
        graph = Graph(links, construction)
        ours = [Isoglot(kind) for kind in TypeAdapter(list[Storage]).validate_python(storage or ["float32"])]
        contenders = _contenders(ours, graph, only or [""], len(data.vectors) <= peers_at)
        measured = _measure(contenders, data, folder, recall)
        measured["alone"] = {c.storage: _alone(c, data, folder) for c in contenders if isinstance(c, Isoglot)}
        measured |= {"graph": [links, construction], "target": recall, "peers_at": peers_at}
        machine, before = _machine(), kept.get("machine", {})
        # Peers measured earlier, from an environment that has them, keep their versions.
        kept["machine"] = machine | {"versions": before.get("versions", {}) | machine["versions"]}
        kept.setdefault("sizes", {})[data.folder.name] = measured
        results.parent.mkdir(parents=True, exist_ok=True)
        results.write_text(json.dumps(kept, indent=1))
        show(console, data.folder.name, measured)
        gc.collect()
    if page is not None:
        write_page(kept, page)


def _contenders(ours: list[Isoglot], graph: Graph, only: list[str], with_peers: bool) -> list[Contender]:
    scan = HnswOrScan(graph)
    found: list[Contender] = [*ours, Flat(), Hnsw(graph), scan, HnswByLanguage(graph), WithTexts(scan)]
    for peer in PEERS if with_peers else []:
        if importlib.util.find_spec(peer.package):
            found.append(peer())
        else:
            console.print(f"{peer.name} is skipped: {peer.package} is not installed here.")
    return [contender for contender in found if any(contender.name.startswith(name) for name in only)]


def _measure(contenders: list[Contender], data: Data, folder: Path, recall: float) -> dict[str, Any]:
    built = {}
    known = folder / "seconds.json"
    seconds: dict[str, Any] = json.loads(known.read_text()) if known.exists() else {}
    # Ours last: its mapped files would else lose their place in memory to what the others load after it.
    for contender in sorted(contenders, key=lambda contender: isinstance(contender, Isoglot)):
        console.print(f"{data.folder.name}: building or opening {contender.name} …")
        seconds[contender.name] = contender.build(data, folder) or seconds.get(contender.name, {})
        built[contender.name] = seconds[contender.name]
        known.write_text(json.dumps(seconds))
    scenarios = {}
    for scenario in data.scenarios():
        console.print(f"{data.folder.name}: {scenario.name} …")
        allowed = data.allowed(scenario)
        scenarios[scenario.name] = {
            "passages": len(data.vectors) if allowed is None else len(allowed),
            "contenders": measure(contenders, data, scenario, recall),
        }
    ours = [contender for contender in contenders if isinstance(contender, Isoglot)]
    new_filters = {contender.name: contender.new_filters(data) for contender in ours}
    for contender in ours:
        contender.index.close()
    return {
        "vectors": len(data.vectors), "dim": data.dim, "built": built, "scenarios": scenarios,
        "new_filters": new_filters, "at": time.time(),
    }  # fmt: skip


def _alone(isoglot: Isoglot, data: Data, folder: Path) -> dict[str, float]:
    """Start-up and memory in a fresh process."""
    console.print(f"{data.folder.name}: {isoglot.name} in a process of its own …")
    return isoglot.alone(folder, data.queries[:ALONE_QUERIES]) | {"raw_mb": data.vectors.nbytes / 2**20}


def _forget(folder: Path, names: list[str]) -> None:
    """Remove what was built, by family."""
    folder.mkdir(parents=True, exist_ok=True)
    for place in folder.iterdir():
        family = "isoglot" if place.name.startswith("isoglot") else "peers"
        if place.suffix in (".faiss", ".json") or place.name == "by-language":
            family = "faiss"
        if family in names and place.name not in ("seconds.json", "texts.db"):
            shutil.rmtree(place) if place.is_dir() else place.unlink()


def _machine() -> dict[str, Any]:
    versions = {}
    for name in ("faiss-cpu", "numpy", *{peer.package.replace("_", "-") for peer in PEERS}):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    load = round(os.getloadavg()[0], 1)
    return {"cores": os.cpu_count(), "processor": platform.machine(), "versions": versions, "load": load}


if __name__ == "__main__":
    typer.run(main)
