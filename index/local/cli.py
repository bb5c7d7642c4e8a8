"""`isoglot check` and `isoglot index snapshot`: verbs for collections in a folder of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from index.errors import NotFound

if TYPE_CHECKING:
    from index.local.check import Finding
    from index.local.index import LocalIndex

__all__ = ["check_collection", "snapshot"]

DataOption = Annotated[
    Path | None, typer.Option("--data", help="Folder that holds the collections; default ISOGLOT_DATA.")
]
Name = Annotated[str, typer.Argument(help="Name of the collection.")]

_SHOWN_FAULTS = 5


def _open(name: str, data: Path | None) -> LocalIndex:
    from index.catalog import collection_name
    from index.places import LocalPlace
    from index.settings import IndexSettings

    place = LocalPlace(IndexSettings.load(data=data).collections)
    known = place.resolve(collection_name(name))
    if not place.has(known):
        listed = ", ".join(place.names()) or "none"
        raise NotFound(f"There is no collection {name!r} in {place.folder}; there are: {listed}.", collection=name)
    return place.open(known, {}, read_only=True)


def check_collection(collection: Name, data: DataOption = None) -> None:
    """Verify everything there is to verify about a collection, and say what was found.

    Database, vectors, metadata, checksums, what is searched against what is stored, and recall. Reads only,
    and may run beside the service. Exits with 1 when something is wrong; damaged files of vectors are made anew
    from the database by whoever opens the collection for writing next.

    Example: `isoglot check docs`
    """
    from index.local.check import check

    index = _open(collection, data)
    found = list(check(index))
    index.close()
    _show(found)
    if any(finding.faults for finding in found):
        raise typer.Exit(1)


def _show(found: list[Finding]) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("", "verified", "looked at", "found"):
        table.add_column(heading, overflow="fold")
    for finding in found:
        shown = "\n".join(finding.faults[:_SHOWN_FAULTS])
        more = len(finding.faults) - _SHOWN_FAULTS
        told = f"{shown}\nand {more:,} more" if more > 0 else shown or "nothing wrong"
        table.add_row("[red]✗" if finding.faults else "[green]✓", finding.what, finding.looked_at, told)
    Console().print(table)


def snapshot(
    collection: Name,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write, not there yet; default DATA/snapshots/NAME/NUMBER-TIME.")
    ] = None,
    data: DataOption = None,
) -> None:
    """Write a complete copy of a collection as of now, while it is searched and written to.

    A snapshot is a collection itself: copy its folder to `DATA/collections/NAME` on any machine to restore it. On the
    same file system it takes little space beyond the texts.

    Example: `isoglot index snapshot docs --out /backup/docs`
    """
    from index.local.schedule import next_snapshot
    from index.settings import IndexSettings

    index = _open(collection, data)
    target = out or next_snapshot(IndexSettings.load(data=data).snapshots / collection)
    target.parent.mkdir(parents=True, exist_ok=True)
    index.snapshot(target)
    index.close()
    typer.echo(f"Wrote {target}. To restore it: cp -r {target} DATA/collections/NAME")
