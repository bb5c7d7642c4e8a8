"""Searches on the live version while a job builds the next one beside it.

    python -m benchmarks.job_latency --passages 100000

The service and the client run here, the job in the process the service gives it. The table shows the
latency of `POST /search` before the job and while it runs.
"""

from __future__ import annotations

import json
import random
import tempfile
import threading
import time
from pathlib import Path
from typing import Annotated

import httpx
import numpy as np
import typer
import uvicorn
from rich.console import Console
from rich.table import Table

from index.demo import demo_passages, demo_questions
from service.app import create_app
from service.settings import Settings


def main(
    passages: Annotated[int, typer.Option(help="Passages the job indexes.")] = 100_000,
    encoder: Annotated[str, typer.Option(help="Encoder folder or bundled name.")] = "isoglot-static",
    searches: Annotated[int, typer.Option(help="Searches before the job.")] = 500,
    every: Annotated[float, typer.Option(help="Seconds between searches.")] = 0.02,
    limit: Annotated[float, typer.Option(help="Stop looking after so many seconds of the job.")] = 300.0,
    port: Annotated[int, typer.Option(help="Port of the service.")] = 8765,
) -> None:
    """Compare latencies before and during a job."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "passages.jsonl"
        _write(file, passages)
        settings = Settings(data=Path(folder), encoder=encoder, port=port, job_sources=[folder])
        server = uvicorn.Server(uvicorn.Config(create_app(settings), port=port, log_level="error"))
        thread = threading.Thread(target=server.run)
        thread.start()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            while not server.started:
                time.sleep(0.1)
            before = [_search(client, every) for _ in range(searches + 50)][50:]
            asked = {"sources": [str(file)], "collection": "docs", "switch": True}
            job = client.post("/jobs", json=asked).raise_for_status().json()
            during, started = [], time.monotonic()
            while (state := client.get(f"/jobs/{job['id']}").json())["status"] in ("queued", "running"):
                during += [_search(client, every) for _ in range(50)]
                if time.monotonic() - started > limit:
                    client.delete(f"/jobs/{job['id']}")
                    break
        server.should_exit = True
        thread.join()
    _report(before, during, state)


def _write(file: Path, passages: int) -> None:
    demo = demo_passages()
    with file.open("w", encoding="utf-8") as lines:
        for number in range(passages):
            row = demo[number % len(demo)]
            lines.write(json.dumps({"id": str(number), "text": f"{row['text']} {number}"}) + "\n")


_ASKED = [text for row in demo_questions() for text in row["questions"].values()]


def _search(client: httpx.Client, every: float) -> float:
    """Milliseconds of one search."""
    time.sleep(every)
    started = time.perf_counter()
    client.post("/search", json={"query": random.choice(_ASKED)}).raise_for_status()
    return 1000 * (time.perf_counter() - started)


def _report(before: list[float], during: list[float], state: dict[str, object]) -> None:
    table = Table("searches", "count", "p50 ms", "p95 ms", "p99 ms")
    for name, found in (("before", before), ("during the job", during)):
        table.add_row(name, f"{len(found):,}", *(f"{np.percentile(found, p):.1f}" for p in (50, 95, 99)))
    Console().print(table)
    ratio = np.percentile(during, 99) / np.percentile(before, 99)
    Console().print(f"p99 during / before: {ratio:.2f}; the job read {state['read']:,} passages.")


if __name__ == "__main__":
    typer.run(main)
