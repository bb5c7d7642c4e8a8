"""`isoglot evaluate`: judge encoders, one or several, on a benchmark."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from index.errors import InvalidInput
from training.extra import require_extra

if TYPE_CHECKING:
    from training.benchmarks import Benchmark
    from training.judging.judgement import Judgement

__all__ = ["NAMES", "register"]

NAMES = ("demo", "xquad-r", "mlqa-r", "xquad", "mlqa", "belebele", "mintaka", "mkqa", "tatoeba-to-english",
         "tatoeba-from-english", "miracl", "neuclir", "beir")  # fmt: skip
"""The benchmarks; `training/benchmarks/__init__.py` has them, and what it imports takes a second."""


# What needs torch or FAISS is imported inside the verb: `isoglot --help` must start in a second.


def register(app: typer.Typer) -> None:
    """Add the verb to `isoglot`."""
    app.command()(evaluate)


Encoders = Annotated[
    list[str],
    typer.Argument(
        help="Encoder folders, bundled encoders, run folders, sentence-transformers folders or hub ids, and bm25, a "
        "lexical baseline. The first is what the others are compared with."
    ),
]
BenchmarkName = Annotated[str, typer.Option(help=f"One of {', '.join(NAMES)}; NAME=DATA gives its files too.")]
Data = Annotated[
    str | None, typer.Option(help="Where the benchmark's files are: a folder, a URL or hf://datasets/OWNER/NAME.")
]
Languages = Annotated[str, typer.Option(help="Judge in these only, such as de,th; empty takes all.")]
Context = Annotated[
    Literal["sentence", "paragraph"], typer.Option(help="paragraph encodes each passage with its paragraph.")
]
Out = Annotated[Path | None, typer.Option(help="Folder for the report; default reports/ENCODERS-BENCHMARK.")]
Mteb = Annotated[
    str | None, typer.Option(help="Run this task of mteb instead, as mteb defines it; its data comes from the hub.")
]
TrainedOn = Annotated[Path | None, typer.Option(help="Training data to compare with the benchmark, text by text.")]
QueryPrompt = Annotated[str | None, typer.Option(help="Put before queries, for encoders that do not say theirs.")]
PassagePrompt = Annotated[str | None, typer.Option(help="The same for passages.")]
Cache = Annotated[bool, typer.Option("--cache/--no-cache", help="Keep vectors, so that no text is encoded twice.")]
Details = Annotated[bool, typer.Option("--details", help="Print intervals and all languages.")]


def evaluate(
    encoders: Encoders,
    benchmark: BenchmarkName = "demo",
    data: Data = None,
    languages: Languages = "",
    context: Context = "sentence",
    out: Out = None,
    mteb: Mteb = None,
    trained_on: TrainedOn = None,
    query_prompt: QueryPrompt = None,
    passage_prompt: PassagePrompt = None,
    cache: Cache = True,
    details: Details = False,
) -> None:
    """Judge encoders in one language, across languages and in one pool, and by language bias.

    Writes report.html, report.md, pictures and results.json. With several encoders every difference
    from the first is tested.

    Examples:
    `isoglot evaluate isoglot-static bm25 --benchmark xquad-r`

    `isoglot evaluate intfloat/multilingual-e5-small --benchmark belebele --languages de,en,th`

    `isoglot evaluate runs/mine --benchmark beir --data my-set`
    """
    require_extra()
    if mteb is not None:
        if any((data, languages, trained_on, query_prompt, passage_prompt, benchmark != "demo", context != "sentence")):
            raise InvalidInput(
                f"--mteb {mteb} runs the task as mteb defines it: of the other options it takes only --out and --cache."
            )
        _run_mteb(encoders, mteb, out, cache)
        return
    from index.foreign_encoder import Prompts
    from training.judging.encodings import default_cache
    from training.judging.run import judge_encoder, require_names
    from training.quiet import quieten

    quieten()
    require_names(encoders)
    chosen = _benchmark(benchmark, data, languages)
    prompts, kept = Prompts(query_prompt, passage_prompt), default_cache() if cache else None
    with _progress() as progress:
        judged = [judge_encoder(e, chosen, context, kept, trained_on, prompts, progress) for e in encoders]
    _report(judged, out or Path("reports") / f"{_file_name(encoders)}-{chosen.name}", details)


def _report(judged: list[Judgement], folder: Path, details: bool) -> None:
    from training.judging.comparison import compare
    from training.reports.terminal import show
    from training.reports.write import write_reports

    comparison = compare(judged)
    show(comparison, details)
    written = write_reports(judged, folder, shlex.join(["isoglot", *sys.argv[1:]]), comparison)
    typer.echo(f"Written: {written[0]} and {len(written) - 1} more")


def _benchmark(benchmark: str, data: str | None, languages: str) -> Benchmark:
    from training.benchmarks import load_benchmark, parse_benchmark

    name, given = parse_benchmark(benchmark)
    if given is not None and data is not None:
        raise InvalidInput(f"The benchmark's files are given twice: {benchmark} and --data {data}; drop one.")
    codes = [code.strip() for code in languages.split(",")]
    return load_benchmark(name, given or data, [code for code in codes if code])


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    return Progress(*columns, TextColumn("left"), TimeRemainingColumn(), console=Console(stderr=True), transient=True)


def _file_name(encoders: list[str]) -> str:
    from training.reports.write import file_names

    return "-".join(file_names([Path(name).name for name in encoders]))


def _run_mteb(encoders: list[str], task: str, out: Path | None, cache: bool) -> None:
    from training.judging.encodings import default_cache
    from training.judging.mteb_tasks import find_task, run_mteb
    from training.reports.mteb import show_mteb

    find_task(task)
    results = [run_mteb(encoder, task, default_cache() if cache else None) for encoder in encoders]
    show_mteb(results)
    folder = out or Path("reports") / f"{_file_name(encoders)}-{task}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mteb.json").write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    typer.echo(f"Written: {folder / 'mteb.json'}")
