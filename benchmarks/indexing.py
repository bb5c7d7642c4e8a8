"""What a job costs beyond the encoder it keeps busy, interleaved in one run; and its memory.

    python -m benchmarks.indexing --encoder isoglot-static
    python -m benchmarks.indexing memory --passages 1000000

Every round runs each contender once, in a fresh random order: the bare encoder over the same texts in
the same blocks, a job into an empty collection, and the same job again, which skips everything.
The table shows medians and the ratio to the bare encoder.
"""

from __future__ import annotations

import json
import random
import resource
import statistics
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from index.demo import demo_passages
from index.encoder import Encoder
from index.jobs import JobSpec, build
from index.settings import IndexSettings

app = typer.Typer()

_BATCH = 1024


def _rows(count: int, sentences: bool) -> list[dict[str, object]]:
    """Passages of twelve languages, each unlike the others; sentences: short ones, of a sentence each."""
    demo = demo_passages()
    dice = random.Random(0)
    found = []
    for number in range(count):
        row = demo[number % len(demo)]
        text = dice.choice([part for part in row["text"].replace("。", "。.").split(".") if part.strip()])
        text = text.strip() if sentences else row["text"]
        found.append({"id": str(number), "text": f"{text} {number}", "language": row["language"]})
    return found


@app.callback(invoke_without_command=True)
def speed(
    context: typer.Context,
    encoder: Annotated[str, typer.Option(help="Encoder folder or bundled name.")] = "isoglot-static",
    passages: Annotated[int, typer.Option(help="Passages in the file.")] = 8192,
    rounds: Annotated[int, typer.Option(help="Rounds; one more is run to warm up.")] = 5,
    sentences: Annotated[bool, typer.Option(help="Single sentences instead of whole passages.")] = False,
    detect: Annotated[bool, typer.Option(help="Leave the language out, so that it is detected.")] = False,
) -> None:
    """Measure passages/s of a job against the bare encoder."""
    if context.invoked_subcommand:
        return
    rows = _rows(passages, sentences)
    texts = [str(row["text"]) for row in rows]
    loaded = Encoder(encoder)
    times: dict[str, list[float]] = {"bare encoder": [], "job": [], "job again": []}
    with tempfile.TemporaryDirectory() as folder:
        file = _write(Path(folder), rows, detect)
        for turn in range(rounds + 1):
            taken = _round(loaded, encoder, texts, file, Path(folder) / str(turn))
            for name, seconds in taken.items() if turn else ():
                times[name].append(seconds)
    table = Table(title=f"{passages:,} passages, {encoder}: passages/s", title_justify="left")
    for heading in ("contender", "per second", "of bare", "lowest", "highest"):
        table.add_column(heading, justify="left" if heading == "contender" else "right")
    for name, found in times.items():
        ratios = [bare / own for bare, own in zip(times["bare encoder"], found, strict=True)]
        shown = (statistics.median(ratios), min(ratios), max(ratios))
        table.add_row(name, f"{passages / statistics.median(found):,.0f}", *(f"{ratio:.2f}" for ratio in shown))
    Console().print(table)


def _write(folder: Path, rows: list[dict[str, object]], detect: bool) -> Path:
    file = folder / "passages.jsonl"
    kept = ({k: v for k, v in row.items() if k != "language"} for row in rows) if detect else rows
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept), encoding="utf-8")
    return file


def _round(loaded: Encoder, encoder: str, texts: list[str], file: Path, data: Path) -> dict[str, float]:
    settings = IndexSettings(data=data, encoder=encoder)
    spec = JobSpec(sources=[str(file)], collection="docs", batch=_BATCH)

    def bare() -> float:
        """Seconds of encoding alone."""
        started = time.perf_counter()
        for start in range(0, len(texts), _BATCH):
            loaded.embed(texts[start : start + _BATCH], "passage")
        return time.perf_counter() - started

    def job() -> float:
        """Seconds of a job, loading and opening left out as they are for the bare encoder."""
        return build(spec, settings).seconds

    if random.random() < 0.5:
        return {"bare encoder": bare(), "job": job(), "job again": job()}
    taken = {"job": job(), "job again": job()}
    return {"bare encoder": bare(), **taken}


@app.command()
def memory(
    encoder: Annotated[str, typer.Option(help="Encoder folder or bundled name.")] = "isoglot-static",
    passages: Annotated[int, typer.Option(help="Passages in the file.")] = 1_000_000,
) -> None:
    """Show a job's peak memory, and how much of it the vectors in the index are."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "passages.jsonl"
        demo = demo_passages()
        with file.open("w", encoding="utf-8") as lines:
            for number in range(passages):
                row = demo[number % len(demo)]
                text = f"{row['text'][:60]} {number}"
                lines.write(json.dumps({"id": str(number), "text": text, "language": row["language"]}) + "\n")
        peaks: list[str] = []

        def report(state: object) -> None:
            """Note the peak at each tenth."""
            fraction = getattr(state, "fraction", None) or 0.0
            if fraction * 10 >= len(peaks) + 1:
                peaks.append(f"{fraction:.0%}: {_peak():,} MB")

        state = build(
            JobSpec(sources=[str(file)], collection="docs"), IndexSettings(data=Path(folder), encoder=encoder), report
        )
        vectors = passages * Encoder(encoder).dimension * 4 // 2**20
    Console().print(f"{'; '.join(peaks)}. Vectors in the index: {vectors:,} MB. {state.per_second:,.0f} passages/s.")


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    app()
