"""A job killed again and again ends with exactly the rows of an undisturbed run.

    python -m benchmarks.job_kills --rows 300000 --kills 50
    .venv-ray/bin/python -m benchmarks.job_kills --engine ray --rows 300000 --kills 50

SIGKILL comes at random moments, spread over the job: to its process, and with Ray as often to a process of
the cluster that reads or encodes, which the job must survive. Then ids, texts, languages, vectors and counts
are compared with those of a run of the local engine that nothing disturbed.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.indexing_report import RESULTS, keep
from index.catalog import Catalog
from index.demo import demo_passages
from index.errors import IsoglotError
from index.jobs.listing import states
from index.jobs.state import JobState
from index.settings import IndexSettings

WHOLE, KILLED = "whole", "docs"
"""Collections of the undisturbed and of the killed run."""

_LOOK_EVERY = 0.05


@dataclass
class Disturbed:
    """What a killed job went through: what was hit, and the rows that were done each time; and how it ended."""

    hits: list[tuple[str, int]] = field(default_factory=list)
    is_same: bool = False


def main(
    rows: Annotated[int, typer.Option(help="Rows of the file.")] = 300_000,
    kills: Annotated[int, typer.Option(help="Times something is killed.")] = 50,
    encoder: Annotated[str, typer.Option(help="Encoder folder or bundled name.")] = "isoglot-static",
    engine: Annotated[str, typer.Option(help="local or ray.")] = "local",
    batch: Annotated[int, typer.Option(help="Passages committed together.")] = 256,
    cpus: Annotated[int, typer.Option(help="Cores Ray is told it has.")] = 4,
    results: Annotated[Path, typer.Option("--json", help="File of results for the page.")] = RESULTS,
) -> None:
    """Kill a job at random and compare."""
    with tempfile.TemporaryDirectory() as folder, cluster(cpus if engine == "ray" else 0):
        settings = IndexSettings(data=Path(folder), encoder=encoder)
        file = write_rows(Path(folder) / "rows.jsonl", rows)
        started = time.monotonic()
        _finish(_start(settings, file, WHOLE, "local", batch))
        print(f"undisturbed: {rows:,} rows in {time.monotonic() - started:.0f} s", flush=True)
        started = time.monotonic()
        found = disturb(settings, file, engine, batch, kills, rows)
        seconds = time.monotonic() - started
        read = _state(settings, KILLED).tally.read
    hits = Counter(what for what, _ in found.hits)
    told = ", ".join(f"{count} times its {what}" for what, count in hits.items())
    print(f"{engine}, {seconds:.0f} s; killed {told}, at rows {', '.join(f'{row:,}' for _, row in found.hits)}")
    print(f"{read:,} read; rows, vectors and counts equal: {found.is_same}")
    run = {"rows": read, "hits": dict(hits), "same": found.is_same, "seconds": seconds}
    keep(results, "kills", {engine: run}, merge=True)
    raise typer.Exit(0 if found.is_same else 1)


@contextmanager
def cluster(cpus: int) -> Iterator[None]:
    """A Ray of this machine that outlives the jobs sent to it, named by RAY_ADDRESS; 0 starts none."""
    if cpus:
        import ray

        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        started = ray.init(num_cpus=cpus, include_dashboard=False, log_to_driver=False, object_store_memory=500_000_000)
        os.environ["RAY_ADDRESS"] = started.address_info["gcs_address"]
    try:
        yield
    finally:
        if cpus:
            del os.environ["RAY_ADDRESS"]
            ray.shutdown()


def write_rows(file: Path, rows: int) -> Path:
    """Short rows in twelve languages, some of them twice, some blank."""
    demo = demo_passages()
    with file.open("w", encoding="utf-8") as lines:
        for number in range(rows):
            row = demo[number % len(demo)]
            identity = number - 500 if number % 1000 == 999 else number
            text = " " if number % 1000 == 500 else f"{row['text'][:40]} {number}"
            lines.write(json.dumps({"id": str(identity), "text": text, "language": row["language"]}) + "\n")
    return file


def disturb(settings: IndexSettings, file: Path, engine: str, batch: int, kills: int, rows: int) -> Disturbed:
    """Run a job into KILLED that is killed so often, and compare it with WHOLE, which must be there."""
    found = Disturbed()
    process = _start(settings, file, KILLED, engine, batch)
    for number in range(kills):
        # Up to a place of its own on the way, so that the kills spread over the whole job.
        goal = rows * (number + random.random()) / (kills + 1)
        while process.poll() is None and _read(settings) < goal:
            time.sleep(_LOOK_EVERY)
        time.sleep(random.random() / 10)
        if process.poll() is not None:
            break
        found.hits.append((_kill_one(process, engine, number), _read(settings)))
        if process.poll() is not None:
            process = _start(settings, file, KILLED, engine, batch)
    _finish(process)
    same = _state(settings, WHOLE).tally == _state(settings, KILLED).tally
    found.is_same = same and _contents(settings, WHOLE) == _contents(settings, KILLED)
    return found


def _start(settings: IndexSettings, file: Path, name: str, engine: str, batch: int) -> subprocess.Popen[bytes]:
    told = ["index", "build", str(file), "-c", name, "--data", str(settings.data), "--encoder", settings.encoder]
    told += ["--engine", engine, "--batch", str(batch)]
    command = [sys.executable, "-c", "from index.cli import main; main()", *told]
    with (settings.data / "job.log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)


def _finish(process: subprocess.Popen[bytes]) -> None:
    if code := process.wait():
        raise RuntimeError(f"the job ended with {code}; its words are in job.log")


def _kill_one(process: subprocess.Popen[bytes], engine: str, number: int) -> str:
    """Kill the job's process, or with Ray, every other time, one that works for it; returns which."""
    if engine == "ray" and number % 2:
        for kind in random.sample(list(_WORKERS), len(_WORKERS)):
            if _kill_worker(_WORKERS[kind]):
                return kind
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return "own process"


_WORKERS = {"encoding actor": "MapWorker", "reading task": "_Reading"}
"""What Ray calls the processes of the stages of `index/jobs/ray_engine.py`."""


def _kill_worker(name: str) -> bool:
    """Kill a process of the cluster by what Ray calls it; whether there was one."""
    import psutil  # comes with Ray

    for process in psutil.process_iter(["cmdline"]):
        command = " ".join(process.info["cmdline"] or [])
        if command.startswith("ray::") and name in command:
            process.kill()
            return True
    return False


def _state(settings: IndexSettings, name: str) -> JobState:
    return next(state for state in states(settings) if state.spec.collection == name)


def _read(settings: IndexSettings) -> int:
    try:
        return _state(settings, KILLED).tally.read
    except (IsoglotError, StopIteration):  # its first entry is not there yet
        return 0


def _contents(settings: IndexSettings, name: str) -> str:
    """A hash over everything a collection holds."""
    found = hashlib.sha256()
    with closing(Catalog(settings.collections, settings.load_encoder(), read_only=True)) as catalog:
        for block in catalog.get(name).index.scan():
            for passage, vector in zip(block.passages, block.vectors, strict=True):
                found.update(repr(passage).encode() + vector.tobytes())
    return found.hexdigest()


if __name__ == "__main__":
    typer.run(main)
