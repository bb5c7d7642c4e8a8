"""The command line's verbs for where collections are kept: `isoglot index copy` and `isoglot index alias`."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from index.errors import InvalidInput

if TYPE_CHECKING:
    from index.backend import PassageIndex
    from index.copying import Marker
    from index.settings import IndexSettings

__all__ = ["copy"]

errors = Console(stderr=True)

DataOption = Annotated[
    Path | None, typer.Option("--data", help="Folder that holds the collections; default ISOGLOT_DATA.")
]


def copy(
    source: Annotated[str, typer.Argument(help="Name of the collection to copy.")],
    target: Annotated[str, typer.Argument(help="Name of the copy; it is made, or gone on with.")],
    origin: Annotated[
        str | None,
        typer.Option("--from", help="Where the source is, local or milvus://host:19530; default ISOGLOT_INDEX."),
    ] = None,
    destination: Annotated[str | None, typer.Option("--to", help="Where the copy goes; default ISOGLOT_INDEX.")] = None,
    data: DataOption = None,
) -> None:
    """Copy a collection with its vectors: nothing is encoded again.

    Stopped or killed, the same command goes on where it was. In the end the passages of each
    language are counted in both. Nothing should be written to either meanwhile.

    Example: `isoglot index copy docs docs --from local --to milvus://search.internal:19530`
    """
    from index.catalog import collection_name
    from index.copying import Marker, making
    from index.settings import IndexSettings

    settings = IndexSettings.load(data=data)
    origin, destination = origin or settings.index, destination or settings.index
    if (origin, collection_name(source)) == (destination, collection_name(target)):
        raise InvalidInput(f"{source!r} cannot be copied onto itself; give another name, or another place with --to.")
    with (
        closing(settings.place(origin)) as from_place,
        closing(settings.place(destination)) as to_place,
        closing(from_place.open(source, {}, read_only=True)) as from_index,
        closing(to_place.open(target, making(from_index))) as to_index,
    ):
        marker = Marker(
            settings.data / "copies", _spoken(origin, source, settings), _spoken(destination, target, settings)
        )
        counts = _copy_shown(from_index, to_index, marker)
    languages = ", ".join(f"{code} {count:,}" for code, count in counts.items())
    typer.echo(f"Copied {sum(counts.values()):,} passages to {target!r}: {languages}.")


def _spoken(place: str, name: str, settings: IndexSettings) -> str:
    from index.places import LOCAL

    return f"{settings.collections.resolve() if place == LOCAL else place}/{name}"


def _copy_shown(source: PassageIndex, target: PassageIndex, marker: Marker) -> dict[str, int]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from index.copying import copy_passages

    columns = (TextColumn("Copying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    if begun := marker.read():
        errors.print(f"Going on after {begun[1]:,} passages.")
    with Progress(*columns, console=errors, disable=not errors.is_terminal) as progress:
        task = progress.add_task("", total=sum(source.counts().values()))
        return copy_passages(source, target, marker, lambda copied: progress.update(task, completed=copied))
