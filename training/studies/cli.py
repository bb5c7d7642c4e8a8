"""`isoglot study`: an open question answered by training and judging many runs."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from index.errors import InvalidInput

__all__ = ["NAMES", "register"]

NAMES = ("alpha", "regimes", "size", "languages", "low-resource", "consistency", "monolingual-cost")
"""The studies; `training/studies/registry.py` has them, and what it imports takes seconds."""


def register(app: typer.Typer) -> None:
    """Add the verb to `isoglot`."""
    app.command()(study)


def study(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(NAMES)}.")],
    data: Annotated[Path, typer.Option(help="Folder with the training tables or group files.")],
    out: Annotated[Path, typer.Option(help="Folder for runs and pages; give all studies the same, they share runs.")],
    recipe: Annotated[str, typer.Option(help="Recipe each run is made from.")] = "static-small",
    override: Annotated[
        list[str] | None, typer.Option("--set", help="Change the recipe: stages.0.steps=600. May be repeated.")
    ] = None,
    benchmark: Annotated[
        list[str] | None, typer.Option(help="What to judge on: demo, or NAME=FOLDER; may be repeated.")
    ] = None,
    small: Annotated[
        bool, typer.Option("--small", help="Coarser grids: under 40 minutes each on two cores with static-small.")
    ] = False,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each arm, with seeds 1, 2, 3 …")] = 3,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Runs side by side; default one for each core. One for a GPU.")
    ] = None,
) -> None:
    """Answer an open question with many runs: a table, a plot and a reading in plain words.

    alpha: the share of monolingual batches. regimes: none, half and all of them, as in the paper. size: how much
    data. languages: how many training languages. low-resource: the rarest languages. consistency: does alignment
    predict retrieval? monolingual-cost: what hybrid batches cost each language.

    Stop it with Ctrl-C; the same command goes on, and no run is made twice.

    Example: `isoglot study alpha --small --data DATA --out studies --benchmark xquad-r=DATA/eval/xquad-r`
    """
    from training.extra import require_extra

    require_extra()
    from training.recipe_file import load_recipe
    from training.studies.plan import Plan
    from training.studies.registry import run_study

    if name not in NAMES:
        raise InvalidInput(f"There is no study {name!r}; choose from {', '.join(NAMES)}.", given=name)
    command = shlex.join(["isoglot", *sys.argv[1:]])
    plan = Plan(data, tuple(range(1, seeds + 1)), small)
    base = load_recipe(recipe, override or [])
    page = run_study(name, base, plan, benchmark or ["demo"], out, workers or os.cpu_count() or 1, command)
    typer.echo(f"Written: {page}")
