"""The command line: `isoglot`, and the verbs that belong to the index.

Other wings add theirs through the entry-point group `isoglot.commands`, so that the index
need not know them.

What searches is imported inside the verbs, here and in every `cli.py`: FAISS, ONNX Runtime, fastText and FastAPI take
two seconds, and `isoglot --help` needs none of them.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from importlib.metadata import entry_points, version
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from index.audit.cli import audit_collection
from index.cli_places import copy
from index.demo import DEMO
from index.errors import InvalidInput, IsoglotError
from index.jobs.cli import register as register_jobs
from index.lexical.cli import lexical
from index.local.cli import check_collection, snapshot
from index.merging.cli import merge as merge_command
from index.question import Mode

if TYPE_CHECKING:
    from index.passages import Passage
    from index.settings import IndexSettings

__all__ = ["app", "main"]

_ENGINES = ("faiss", "onnxruntime")
"""What one of the extras [cpu] and [gpu] brings."""

PASSAGES_AT_ONCE = 512
"""Passages encoded and committed together by `isoglot index add`."""

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(version("isoglot"))
        raise typer.Exit


@app.callback()
def root(
    _: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Ask in any language, get the right passage in whatever language it was written."""


index_app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="Fill collections with passages.")
app.add_typer(index_app, name="index")
index_app.command("copy")(copy)
register_jobs(index_app)
index_app.command("snapshot")(snapshot)
index_app.command("lexical")(lexical)
index_app.command("merge")(merge_command)
app.command("check")(check_collection)
app.command("audit")(audit_collection)

errors = Console(stderr=True)

EncoderOption = Annotated[
    str | None, typer.Option("--encoder", help="Encoder folder or bundled name; default ISOGLOT_ENCODER.")
]
DataOption = Annotated[
    Path | None, typer.Option("--data", help="Folder that holds the collections; default ISOGLOT_DATA.")
]
CollectionOption = Annotated[str, typer.Option("--collection", "-c", help="Name of the collection.")]


@index_app.command("add")
def add(
    file: Annotated[Path, typer.Argument(help="JSON lines, one passage each.")],
    collection: CollectionOption,
    data: DataOption = None,
    encoder: EncoderOption = None,
) -> None:
    """Add passages to a collection, or replace those whose id it knows.

    The collection is made when it does not exist. The whole file is checked before
    anything is stored: a malformed line is told by its number and changes nothing.

    A line: `{"id": "t1", "text": "…", "language": "de", "title": "…", "metadata": {}}`;
    `id` and `text` are required, `language` is detected when left out.

    Example: `isoglot index add passages.jsonl --collection docs`
    """
    from rich.progress import track

    from index.catalog import Catalog, collection_name
    from index.passages import require_unique
    from index.settings import IndexSettings

    settings = IndexSettings.load(data=data, encoder=encoder)
    collection_name(collection)
    checked = list(_check(file, settings))
    require_unique(passage.id for passage in checked)
    loaded, encoders = settings.encoders_for(encoder)
    catalog = Catalog(settings.place(), loaded, encoders=encoders)
    target, is_new = catalog.create(collection)
    stored: Counter[str] = Counter()
    truncated: list[str] = []
    blocks = list(_blocks(checked, PASSAGES_AT_ONCE))
    with ExitStack() as sealing, target.bulk():
        for block in track(blocks, "Encoding and storing", console=errors, disable=not errors.is_terminal):
            added = target.upsert(block)
            stored.update(added.by_language)
            truncated += added.truncated
        sealing.enter_context(errors.status("Making it fast to search …"))
    catalog.close()
    languages = ", ".join(f"{code} {count:,}" for code, count in sorted(stored.items()))
    count = f"{stored.total():,} passage{'s' * (stored.total() != 1)}"
    typer.echo(f"Stored {count} in {'new ' if is_new else ''}collection {collection!r}: {languages}.")
    if truncated:
        typer.echo(f"{len(truncated):,} are longer than the encoder reads and were cut, such as {truncated[0]!r}.")


def _check(file: Path, settings: IndexSettings) -> Iterator[Passage]:
    from index.passages import read_passages

    with errors.status(f"Checking {file} …"):
        yield from read_passages(file, settings.languages)


def _blocks(passages: Iterable[Passage], size: int) -> Iterator[list[Passage]]:
    remaining = iter(passages)
    while block := list(islice(remaining, size)):
        yield block


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="The question, in any language.")],
    k: Annotated[int, typer.Option("-k", help="Number of hits, 1 to 1000.")] = 5,
    languages: Annotated[
        str | None, typer.Option("-l", "--languages", help="Only passages in these, such as de,fr.")
    ] = None,
    query_language: Annotated[str | None, typer.Option(help="The query's language; default: detected.")] = None,
    where: Annotated[
        str | None, typer.Option(help="""Filter on metadata as JSON, such as '{"year": {"gte": 2000}}'.""")
    ] = None,
    mode: Annotated[
        Mode, typer.Option(help="By meaning, by words, or both; the latter need `isoglot index lexical`.")
    ] = "dense",
    rerank: Annotated[
        bool, typer.Option("--rerank", help="Let the cross-encoder of ISOGLOT_RERANKER order the first hits.")
    ] = False,
    merge: Annotated[
        str | None, typer.Option(help="Rule that makes one list of several languages, such as centred; or JSON.")
    ] = None,
    collection: CollectionOption = DEMO,
    bias: Annotated[bool, typer.Option("--bias", help="Report what the hits favour (docs/bias.md).")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with whole passages.")] = False,
    data: DataOption = None,
    encoder: EncoderOption = None,
) -> None:
    """Search a collection.

    Examples:
    `isoglot search "why are there two high tides a day" -k 3`

    `isoglot search "น้ำขึ้นน้ำลงเกิดจากอะไร" -l de,fr --collection docs`
    """
    from index.catalog import Catalog, open_to_read
    from index.cli_answer import show
    from index.merging.cli import merge_of
    from index.settings import IndexSettings

    rule = None if merge is None else merge_of(merge)
    settings = IndexSettings.load(data=data, encoder=encoder)
    loaded, encoders = settings.encoders_for(encoder)
    reranker = settings.load_reranker() if rerank else None
    catalog = Catalog(settings.place(), loaded, True, settings.languages, encoders, reranker)
    chosen = None if languages is None else [code.strip() for code in languages.split(",")]
    found = open_to_read(catalog, collection)
    answer = found.search(query, k, chosen, query_language, _filter(where), bias, mode, rerank, rule)
    if as_json:
        typer.echo(json.dumps(answer.as_json(), ensure_ascii=False, indent=2))
    else:
        show(answer)


def _filter(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        parsed: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise InvalidInput(f'--where is no JSON ({error}); give an object such as {{"topic": "tides"}}.') from error
    return parsed


def main() -> None:
    """Run `isoglot`: collect the verbs of all wings, show errors as one line, exit 1."""
    for entry in entry_points(group="isoglot.commands"):
        entry.load()(app)
    try:
        app()
    except IsoglotError as error:
        _end(error.message)
    except ModuleNotFoundError as error:
        if error.name not in _ENGINES:
            raise
        _end(
            f"This needs {error.name}, of the extra [cpu] or, with a GPU, [gpu]. In the clone: make install, or "
            ".venv/bin/pip install -c constraints.txt -e '.[cpu]'."
        )


def _end(message: str) -> None:
    errors.print(Text.assemble(("Error: ", "bold red"), message))
    sys.exit(1)
