"""`isoglot index lexical`: switch lexical search of a collection on or off."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from index.errors import NotFound

__all__ = ["lexical"]

errors = Console(stderr=True)


def lexical(
    collection: Annotated[str, typer.Argument(help="Name of the collection.")],
    is_on: Annotated[bool | None, typer.Option("--on/--off", help="Switch it; neither says how it is.")] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder that holds the collections; default ISOGLOT_DATA.")
    ] = None,
) -> None:
    """Search a collection by words too (`--mode lexical` or `hybrid`), or no longer.

    The stored passages are cut into words; nothing is encoded again. Stopped or killed, the same command goes on where
    it was. From then on every write is followed. Where a service has the collection open, ask it instead:
    `PUT /collections/NAME/lexical`.

    Example: `isoglot index lexical docs --on`
    """
    from index.catalog import collection_name
    from index.lexical.hybrid import channel_of
    from index.settings import IndexSettings

    with closing(IndexSettings.load(data=data).place()) as place:
        known = place.resolve(collection_name(collection))
        if not place.has(known):
            listed = ", ".join(place.names()) or "none"
            raise NotFound(f"There is no collection {collection!r}; there are: {listed}.", collection=collection)
        with closing(place.open(known, {}, read_only=is_on is None)) as index:
            words = channel_of(index)
            if is_on is not None:
                words.switch(is_on)
            if is_on:
                with errors.status("Taking in the words …"):
                    words.build()
            typer.echo(f"Lexical search of {collection!r} is {words.info()['state']}.")
