"""`isoglot data list`, `isoglot data get`, `isoglot data squad`, `isoglot data merge`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from index.languages import language_codes
from training.adapters.squad import PassageKind
from training.adapters.tally import Tally
from training.extra import require_extra
from training.groups import Group

__all__ = ["register"]

OutOption = Annotated[Path, typer.Option("--out", help="Group file to make, .jsonl.")]
LimitOption = Annotated[int | None, typer.Option("--limit", help="Most groups to write; default all.")]


def register(app: typer.Typer) -> None:
    """Add the verbs to `isoglot`."""
    data = typer.Typer(
        no_args_is_help=True, rich_markup_mode="markdown", help="Prepare groups, what `isoglot train` learns from."
    )
    data.command("list")(show_adapters)
    data.command()(get)
    data.command()(squad)
    data.command()(merge)
    app.add_typer(data, name="data")


def show_adapters() -> None:
    """Show the public data sets that `isoglot data get` can read, and what their rows become.

    Ids and fields are those of the data sets' own pages and scripts; none was fetched when this was written.

    Example: `isoglot data list`
    """
    require_extra("datasets")
    from training.adapters.registry import ADAPTERS

    for adapter in ADAPTERS.values():
        config = f", {adapter.config}" if adapter.config else ""
        typer.echo(f"{adapter.name}")
        typer.echo(f"  Hugging Face  {adapter.hub_id or 'none: give --path'}{config}")
        typer.echo(f"  licence       {adapter.licence}")
        typer.echo(f"  languages     {' '.join(adapter.languages)}")
        typer.echo(f"  fields read   {adapter.fields}")
        typer.echo(f"  row becomes   {adapter.becomes}\n")


def get(
    name: Annotated[str, typer.Argument(help="A data set of `isoglot data list`, such as wikiqa.")],
    out: OutOption,
    path: Annotated[
        str | None, typer.Option(help="A local file or folder, or another Hugging Face id, with the same fields.")
    ] = None,
    languages: Annotated[
        str | None, typer.Option(help="Languages to take, such as de,en; default all. For a translated copy, its one.")
    ] = None,
    split: Annotated[str, typer.Option(help="train, validation or test.")] = "train",
    limit: LimitOption = None,
    source: Annotated[str | None, typer.Option(help="Name the groups carry as source; default the data set's.")] = None,
) -> None:
    """Turn a public data set into groups; its licence is yours to read.

    Examples:
    `isoglot data get wikiqa --out wikiqa.jsonl`

    `isoglot data get mr-tydi --languages th,ru --limit 1000 --out tydi.jsonl`

    `isoglot data get newsqa --path combined-newsqa-data-v1.csv --out newsqa.jsonl`
    """
    require_extra("datasets")
    from training.adapters.registry import find_adapter

    tally = Tally()
    groups = find_adapter(name).groups(path, split, _codes(languages), tally)
    chosen = source or name
    _prepare((replace(g, id=f"{chosen}/{split}/{g.id}", source=chosen) for g in groups), out, tally, limit)


def squad(
    files: Annotated[list[str], typer.Argument(help="SQuAD-like JSON, named by language (de.json) or FILE:LANGUAGE.")],
    out: OutOption,
    passage: Annotated[
        PassageKind, typer.Option(help="sentence with the answer, where the files mark sentences; or paragraph.")
    ] = "sentence",
    limit: LimitOption = None,
    source: Annotated[str, typer.Option(help="Name the groups carry as source.")] = "squad",
) -> None:
    """Turn SQuAD-like JSON in one or more languages into groups: one question id, one group.

    Examples:
    `isoglot data squad train-v1.1.json:en --out squad.jsonl`

    `isoglot data squad de.json en.json th.json --out questions.jsonl`
    """
    from training.adapters.squad import read_squad, with_language

    tally = Tally()
    groups = read_squad([with_language(given) for given in files], passage, tally)
    _prepare((replace(g, id=f"{source}/{g.id}", source=source) for g in groups), out, tally, limit)


def merge(
    files: Annotated[list[Path], typer.Argument(help="Group files, .jsonl or .parquet.")],
    out: OutOption,
    languages: Annotated[str | None, typer.Option(help="Keep only these, such as de,en; default all.")] = None,
    limit: LimitOption = None,
    source: Annotated[str | None, typer.Option(help="Name all groups carry as source; default their own.")] = None,
) -> None:
    """Check group files, filter them by language and join them; an id that stands twice is an error.

    Example: `isoglot data merge wikiqa.jsonl own.parquet --languages de,en --out train.jsonl`
    """
    if any(path.suffix == ".parquet" for path in files):
        require_extra("datasets")
    from training.adapters.merge import merged

    tally = Tally()
    groups: Iterator[Group] = merged(files, _codes(languages), tally)
    _prepare(groups if source is None else (replace(g, source=source) for g in groups), out, tally, limit)


def _prepare(groups: Iterable[Group], out: Path, tally: Tally, limit: int | None) -> None:
    from training.adapters.prepare import prepare

    prepare(groups, out, tally, limit)
    typer.echo(f"Written: {out}. {tally.summary()}")


def _codes(given: str | None) -> list[str] | None:
    return None if given is None else language_codes(code.strip() for code in given.split(","))
