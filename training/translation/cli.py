"""`isoglot translate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from index.errors import InvalidInput
from index.languages import language_code
from training.extra import require_extra
from training.quiet import quieten

if TYPE_CHECKING:
    from training.translation.engine import Engine

__all__ = ["register"]

_DEFAULT_BATCH = {"model": 32, "endpoint": 16}


def register(app: typer.Typer) -> None:
    """Add the verb to `isoglot`."""
    app.command()(translate)


def translate(
    groups: Annotated[Path, typer.Argument(help="Group file, .jsonl or .parquet.")],
    to: Annotated[str, typer.Option(help="Languages to translate into, such as de,ar,zh-Hant.")],
    out: Annotated[Path, typer.Option(help="Group file to make, .jsonl.")],
    model: Annotated[
        str | None,
        typer.Option(help="NLLB-200, M2M-100 or OPUS-MT: folder or hub id; {to} in it stands for the language."),
    ] = None,
    endpoint: Annotated[
        str | None, typer.Option(help="OpenAI-compatible server instead, such as http://localhost:8000/v1.")
    ] = None,
    endpoint_model: Annotated[str | None, typer.Option(help="The model's name at the endpoint.")] = None,
    source: Annotated[str, typer.Option("--from", help="Language to translate from.")] = "en",
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Texts per batch or request; default 32 for --model, 16 for --endpoint.")
    ] = None,
    beams: Annotated[int, typer.Option(min=1, help="--model: beam size; 1 is fastest.")] = 4,
    device: Annotated[str | None, typer.Option(help="--model: cuda, cuda:1, cpu; default CUDA if any.")] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="--endpoint: requests at a time.")] = 4,
) -> None:
    """Add machine translations to groups; languages that already stand there are kept.

    Stopped or killed, it goes on where it was when run again. Doubtful translations (wrong length or language,
    copies, duplicates) are left out, counted, and listed in OUT.rejected.jsonl. An endpoint's key is the setting
    ISOGLOT_TRANSLATION_KEY.

    Examples:
    `isoglot translate groups.jsonl --to de,ar,th --out more.jsonl --model facebook/nllb-200-distilled-600M`

    `isoglot translate groups.jsonl --to de,fi --out more.jsonl --model "Helsinki-NLP/opus-mt-en-{to}"`

    `isoglot translate groups.jsonl --to th --out more.jsonl --endpoint http://localhost:8000/v1 --endpoint-model NAME`
    """
    if (model is None) == (endpoint is None) or (endpoint is None) != (endpoint_model is None):
        raise InvalidInput("Give either --model, or --endpoint and --endpoint-model.")
    source = language_code(source)
    if model is not None:
        engine = _model_engine(model, source, batch_size, beams, device)
    else:
        engine = _endpoint_engine(str(endpoint), str(endpoint_model), source, batch_size, concurrency)
    _run(groups, out, engine, to)


def _model_engine(model: str, source: str, batch_size: int | None, beams: int, device: str | None) -> Engine:
    require_extra("transformers", "torch", "sentencepiece", "pyarrow")
    from training.translation.seq2seq import Seq2SeqEngine

    quieten()
    return Seq2SeqEngine(model, source, batch_size or _DEFAULT_BATCH["model"], beams, device)


def _endpoint_engine(url: str, model: str, source: str, batch_size: int | None, concurrency: int) -> Engine:
    require_extra("httpx", "pyarrow")
    from training.settings import TrainingSettings
    from training.translation.endpoint import EndpointEngine

    key, size = TrainingSettings().translation_key, batch_size or _DEFAULT_BATCH["endpoint"]
    secret = None if key is None else key.get_secret_value()
    return EndpointEngine(url, model, source, secret, size, concurrency)


def _run(groups: Path, out: Path, engine: Engine, to: str) -> None:
    from training.translation.job import translate_groups
    from training.translation.report import report_table

    report = translate_groups(groups, out, engine, [code.strip() for code in to.split(",") if code.strip()])
    Console().print(report_table(report))
    if malformed := getattr(engine, "malformed", 0):
        typer.echo(f"{malformed:,} answers were malformed; their texts were asked for one by one.")
    if report.without_source:
        typer.echo(f"{report.without_source:,} questions or passages have no text in {engine.source!r}.")
    rejected, counts = out.with_suffix(".rejected.jsonl"), out.with_suffix(".report.json")
    typer.echo(f"Written: {out}; what was dropped: {rejected}; counts: {counts}.")
