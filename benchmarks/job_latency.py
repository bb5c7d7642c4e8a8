"""Searches on the live version while a job builds the next one beside it.

    python -m benchmarks.job_latency --passages 100000

`isoglot serve` runs as a process of its own and runs the jobs as it does for everybody. A first job builds
the live version. While a second one builds the next, which differs in every text, it is let run and held
(SIGSTOP) by turns, so that whatever else the machine does falls on both kinds of searches alike.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx
import numpy as np
import psutil
import typer
from rich.console import Console

from benchmarks.indexing_data import made_passages, write_lines
from benchmarks.indexing_report import RESULTS, keep
from index.demo import demo_questions

ALIAS = "docs"
HELD, RUNNING = "job held", "job running"
_ENDED = ("done", "failed", "stopped", "refused")
_QUERIES = [text for row in demo_questions() for text in row["questions"].values()]


def main(
    passages: Annotated[int, typer.Option(help="Passages the job indexes.")] = 100_000,
    live: Annotated[int, typer.Option(help="Passages in the live version.")] = 20_000,
    encoder: Annotated[str, typer.Option(help="Encoder folder or bundled name.")] = "isoglot-static",
    turn: Annotated[int, typer.Option(help="Searches before the job is held or let run again.")] = 50,
    every: Annotated[float, typer.Option(help="Seconds between searches.")] = 0.02,
    limit: Annotated[float, typer.Option(help="Stop looking after so many seconds of the job.")] = 300.0,
    port: Annotated[int, typer.Option(help="Port of the service.")] = 8765,
    results: Annotated[Path, typer.Option("--json", help="File of results for the page.")] = RESULTS,
) -> None:
    """Compare latencies while a job runs and while it is held."""
    with tempfile.TemporaryDirectory() as folder, _service(Path(folder), encoder, port) as client:
        first, second = Path(folder) / "live.jsonl", Path(folder) / "next.jsonl"
        write_lines(first, made_passages(live))
        write_lines(second, ({**row, "text": f"{row['text']} again"} for row in made_passages(passages)))
        job = _start(client, first)
        while (state := _state(client, job))["status"] not in _ENDED:
            time.sleep(0.5)
        assert state["status"] == "done", state
        times: dict[str, list[float]] = {HELD: [], RUNNING: []}
        _turn(client, 50, every)  # warms up
        job, started = _start(client, second), time.monotonic()
        while (state := _state(client, job))["status"] not in _ENDED and time.monotonic() - started < limit:
            with _held():
                times[HELD] += _turn(client, turn, every)
            times[RUNNING] += _turn(client, turn, every)
    told = {name: _told(found) for name, found in times.items()}
    _show(told, state)
    keep(results, "latency", {"live": live, "passages": passages, "read": state["read"], "times": told})


@contextmanager
def _service(folder: Path, encoder: str, port: int) -> Iterator[httpx.Client]:
    command = "from index.cli import main; main()"
    environment = {
        **os.environ, "ISOGLOT_JOB_SOURCES": f'["{folder}"]', "ISOGLOT_DATA": str(folder / "data"),
        "ISOGLOT_ENCODER": encoder, "ISOGLOT_LOG_LEVEL": "warning",
    }  # fmt: skip
    told = [sys.executable, "-c", command, "serve", "--port", str(port)]
    service = subprocess.Popen(told, env=environment)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            while not _is_ready(client):
                if service.poll() is not None:
                    raise RuntimeError(f"the service ended with {service.returncode}")
                time.sleep(0.2)
            yield client
    finally:
        service.terminate()
        service.wait()


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/health/ready").is_success
    except httpx.TransportError:
        return False


def _start(client: httpx.Client, file: Path) -> str:
    asked = {"sources": [str(file)], "collection": ALIAS, "switch": True}
    return str(client.post("/jobs", json=asked).raise_for_status().json()["id"])


def _state(client: httpx.Client, job: str) -> dict[str, Any]:
    return dict(client.get(f"/jobs/{job}").raise_for_status().json())


@contextmanager
def _held() -> Iterator[None]:
    """Hold the job's process, a grandchild of this one, while this lasts."""
    workers = [
        process
        for process in psutil.Process().children(recursive=True)
        if "index.jobs.worker" in " ".join(process.cmdline())
    ]
    for worker in workers:
        worker.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGCONT)


def _turn(client: httpx.Client, count: int, every: float) -> list[float]:
    """Milliseconds of searches on the live version, one after another."""
    taken = []
    for _ in range(count):
        time.sleep(every)
        started = time.perf_counter()
        client.post("/search", json={"query": random.choice(_QUERIES), "collection": ALIAS}).raise_for_status()
        taken.append(1000 * (time.perf_counter() - started))
    return taken


def _told(found: list[float]) -> dict[str, float]:
    return {"count": len(found), **{f"p{p}": round(float(np.percentile(found, p)), 2) for p in (50, 95, 99)}}


def _show(told: dict[str, dict[str, float]], state: dict[str, Any]) -> None:
    for name, found in told.items():
        Console().print(name, found)
    ratio = told[RUNNING]["p99"] / told[HELD]["p99"]
    Console().print(f"p99 while it runs / while it is held: {ratio:.2f}; the job read {state['read']:,} passages.")


if __name__ == "__main__":
    typer.run(main)
