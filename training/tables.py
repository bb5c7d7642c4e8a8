"""A recipe's data as two tables: the groups to learn from and those held out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich.status import Status

from index.errors import InvalidInput
from training.groups import Group
from training.pairs import PairTable
from training.progress import console
from training.recipe import Recipe
from training.sources import read_source
from training.switched_sources import forget_lexicon

__all__ = ["load_tables"]

_VALIDATION = "validation"


def load_tables(recipe: Recipe, data: Path) -> tuple[PairTable, PairTable | None]:
    """Read and pack every bucket's groups: (training, validation or None when the recipe wants none).

    Both share their texts, so that one dataset serves both.
    Raises NotFound or InvalidInput for a source, InvalidInput when the data holds no group.
    """
    own = recipe.validation.sources if recipe.validation.groups else []
    with console.status("Reading groups …") as status:
        buckets = {b.name: _shared(_groups(recipe, data, b.sources, status), recipe) for b in recipe.buckets}
        if own:
            buckets[_VALIDATION] = _groups(recipe, data, own, status)
        table = PairTable.pack(buckets)
        forget_lexicon()
    is_validation = table.bucket_of == len(recipe.buckets)
    train, held_out = table, None
    languages = recipe.validation.languages or None
    if own:
        train, held_out = table.select(~is_validation), table.select(is_validation, languages)
    elif recipe.validation.groups:
        train, held_out = table.hold_out(recipe.validation.groups, recipe.seed_of_start)
        held_out = held_out.select(np.ones(held_out.n_groups, dtype=bool), languages)
    if not train.n_groups:
        raise InvalidInput(f"The sources hold no group in {', '.join(recipe.languages) or 'any language'}.")
    held = f", {held_out.n_groups:,} of them for validation" if held_out is not None else ""
    console.print(f"{table.n_groups:,} groups{held}, {len(table.texts):,} texts, {len(table.languages)} languages")
    return train, held_out


def _groups(recipe: Recipe, data: Path, sources: list[str], status: Status) -> Iterator[Group]:
    for name in sources:
        status.update(f"Reading {name} …")
        is_empty = True
        for group in read_source(data, name, recipe.languages or None):
            is_empty = False
            yield group
        if is_empty and recipe.empty_sources == "refuse":
            raise InvalidInput(
                f"The source {name!r} holds no group in {', '.join(recipe.languages) or 'any language'}; "
                'leave it out of the recipe, add its data, or set empty_sources = "skip".',
                source=name,
            )


def _shared(groups: Iterator[Group], recipe: Recipe) -> Iterator[Group]:
    """The recipe's share of a bucket's groups: one number is drawn for each, whatever the share."""
    if recipe.share == 1:
        yield from groups
        return
    rng = np.random.default_rng(recipe.seed_of_start)
    yield from (group for group in groups if rng.random() < recipe.share)
