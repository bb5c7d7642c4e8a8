"""A job killed again and again ends with exactly the rows of an undisturbed run.

    python -m benchmarks.job_kills --rows 300000 --kills 50

The process gets SIGKILL at random moments; then ids, texts, languages, vectors and counts are compared.
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
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from index.catalog import Catalog
from index.demo import demo_passages
from index.errors import IsoglotError
from index.jobs.listing import states
from index.settings import IndexSettings


def main(
    rows: Annotated[int, typer.Option(help="Rows of the file.")] = 300_000,
    kills: Annotated[int, typer.Option(help="Times the job is killed.")] = 50,
    encoder: Annotated[str, typer.Option(help="Encoder folder or bundled name.")] = "isoglot-static",
    engine: Annotated[str, typer.Option(help="local or ray.")] = "local",
    batch: Annotated[int, typer.Option(help="Passages committed together.")] = 256,
) -> None:
    """Kill a job at random and compare."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.jsonl"
        _write(file, rows)
        settings = IndexSettings(data=Path(folder), encoder=encoder)
        started = time.monotonic()
        assert _start(settings, file, "whole", "local", batch).wait() == 0
        taken = time.monotonic() - started
        print(f"undisturbed: {rows:,} rows in {taken:.0f} s")
        reached = _disturbed(settings, file, engine, batch, kills, rows)
        assert _start(settings, file, "docs", engine, batch).wait() == 0
        print(f"killed {len(reached)} times, at rows {', '.join(f'{row:,}' for row in reached)}")
        whole, docs = ({s.spec.collection: s for s in states(settings)}[name] for name in ("whole", "docs"))
        same = whole.tally == docs.tally and _contents(settings, "whole") == _contents(settings, "docs")
        print(f"{docs.tally.read:,} read; rows, vectors and counts equal: {same}")
    raise typer.Exit(0 if same else 1)


def _write(file: Path, rows: int) -> None:
    """Short rows in twelve languages, some of them twice, some broken."""
    demo = demo_passages()
    with file.open("w", encoding="utf-8") as lines:
        for number in range(rows):
            row = demo[number % len(demo)]
            identity = number - 500 if number % 1000 == 999 else number
            text = " " if number % 1000 == 500 else f"{row['text'][:40]} {number}"
            lines.write(json.dumps({"id": str(identity), "text": text, "language": row["language"]}) + "\n")


def _start(settings: IndexSettings, file: Path, name: str, engine: str, batch: int) -> subprocess.Popen[bytes]:
    told = ["index", "build", str(file), "-c", name, "--data", str(settings.data), "--encoder", settings.encoder]
    told += ["--engine", engine, "--batch", str(batch)]
    command = [sys.executable, "-c", "from index.cli import main; main()", *told]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True)


def _disturbed(settings: IndexSettings, file: Path, engine: str, batch: int, kills: int, rows: int) -> list[int]:
    reached: list[int] = []
    for number in range(kills):
        process = _start(settings, file, "docs", engine, batch)
        # Up to a place of its own on the way, so that the kills spread over the whole job.
        goal = rows * (number + random.random()) / (kills + 1)
        while process.poll() is None and _read(settings) < goal:
            time.sleep(0.02)
        time.sleep(random.random() / 10)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        reached.append(_read(settings))
    return reached


def _read(settings: IndexSettings) -> int:
    try:
        return next((state.tally.read for state in states(settings) if state.spec.collection == "docs"), 0)
    except IsoglotError:  # its first entry is not there yet
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
