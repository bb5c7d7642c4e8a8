"""`isoglot index merge`: the rule a collection has for searches that name none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from index.errors import InvalidInput

if TYPE_CHECKING:
    from index.merging.merge import Merge

__all__ = ["merge", "merge_of"]


def merge_of(text: str) -> Merge:
    """A rule as the command line takes it: a name, or an object as JSON. Raises InvalidInput."""
    from index.merging.rules import parse_merge

    if not text.lstrip().startswith("{"):
        return parse_merge(text)
    try:
        given: Mapping[str, Any] = json.loads(text)
    except ValueError as error:
        raise InvalidInput(
            f'The merge rule is no JSON ({error}); give a name, or an object such as {{"rule": "shift"}}.'
        ) from error
    return parse_merge(given)


def merge(
    collection: Annotated[str, typer.Argument(help="Name of the collection.")],
    rule: Annotated[
        str | None,
        typer.Argument(help="""A rule to set: its name, or JSON such as '{"rule": "lir", "directions": 2}'."""),
    ] = None,
    fit: Annotated[bool, typer.Option("--fit", help="Fit the collection's corrections anew.")] = False,
    data: Annotated[Path | None, typer.Option("--data", help="Folder that holds the collections.")] = None,
    encoder: Annotated[str | None, typer.Option("--encoder", help="Encoder folder or bundled name.")] = None,
) -> None:
    """Show or set how a collection makes one list of hits in several languages.

    `score` goes back to raw scores. Rules that need fitting are fitted when they are set and, by themselves, when a
    fifth of the passages has changed. While the service has the collection open, use `PUT /collections/NAME/merge`.

    Example: `isoglot index merge docs centred`
    """
    from index.catalog import Catalog
    from index.merging.rules import SCORE
    from index.settings import IndexSettings

    chosen = None if rule is None else merge_of(rule)
    settings = IndexSettings.load(data=data, encoder=encoder)
    loaded, encoders = settings.encoders_for(encoder)
    is_read_only = chosen is None and not fit
    with closing(Catalog(settings.place(), loaded, is_read_only, encoders=encoders)) as catalog:
        found = catalog.get(collection)
        if chosen is not None:
            found.set_merge(None if chosen == SCORE else chosen)
        fitted = found.corrections.fit() if fit else found.corrections.fitted()
        told = "nothing fitted" if fitted is None else f"fitted of {int(fitted.counts.sum()):,} passages"
        stale = "" if fitted is None or found.corrections.is_current() else ", which have changed by a fifth since"
        typer.echo(f"{collection!r}: {json.dumps(found.merge.as_json(), ensure_ascii=False)}; {told}{stale}.")
