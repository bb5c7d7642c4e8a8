"""`isoglot train`, `export`, `card`; each other verb stands in the folder of what it does."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from index.errors import InvalidInput
from training.adapters import cli as data_cli
from training.extra import require_extra
from training.judging import cli as judging_cli
from training.mining import cli as mining_cli
from training.quiet import quieten
from training.studies import cli as studies_cli
from training.translation import cli as translation_cli

__all__ = ["register"]

# Imports of torch stay inside the verbs: `isoglot search` must start in a second, and must
# start at all where only serving is installed.


def register(app: typer.Typer) -> None:
    """Add this wing's verbs to `isoglot`."""
    app.command()(train)
    app.command()(export)
    app.command()(card)
    data_cli.register(app)
    translation_cli.register(app)
    mining_cli.register(app)
    judging_cli.register(app)
    studies_cli.register(app)


Against = Annotated[
    list[str] | None,
    typer.Option(
        help="Refuse training texts that stand in this evaluation set: demo, xquad-r=FOLDER or a file; may be repeated."
    ),
]


def train(
    recipe: Annotated[str, typer.Argument(help="A recipe file, or the name of a shipped one, such as static.")],
    data: Annotated[
        Path | None, typer.Option(help="Folder with the tables or group files; see docs/training.md.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Run folder to make, or an interrupted one to go on with.")] = None,
    override: Annotated[
        list[str] | None, typer.Option("--set", help="Override a key: --set stages.0.alpha=1.0; may be repeated.")
    ] = None,
    against: Against = None,
    allow_leaks: Annotated[
        bool, typer.Option("--allow-leaks", help="Train all the same; RUN/leaks.jsonl lists them.")
    ] = False,
    starts: Annotated[
        Path | None, typer.Option(help="Folder that keeps vocabulary and start for runs that begin alike.")
    ] = None,
    print_config: Annotated[
        bool, typer.Option("--print-config", help="Print the recipe with every default filled in, and stop.")
    ] = False,
) -> None:
    """Train an encoder from a recipe, or go on with a run that was interrupted.

    Ctrl-C saves a checkpoint; the same command goes on from it, as it does after a kill.

    Examples:
    `isoglot train static --data DATA --out runs/static --against xquad-r=DATA/eval/xquad-r`

    `torchrun --nproc-per-node 4 --no-python isoglot train xlm-r-hybrid --data DATA --out runs/hybrid`
    """
    require_extra()
    from training.recipe_file import load_recipe

    loaded = load_recipe(recipe, override or [])
    if print_config:
        typer.echo(loaded.model_dump_json(indent=2))
        return
    if data is None or out is None:
        raise InvalidInput("Training needs --data (where the groups are) and --out (the run folder to make).")
    from training.allocator import keep_freed_memory
    from training.benchmarks import parse_benchmark
    from training.train import train as run

    quieten()
    keep_freed_memory()
    run(loaded, data, out, [parse_benchmark(given) for given in against or []], allow_leaks, starts)
    if int(os.environ.get("RANK", "0")) == 0:
        typer.echo(f"Trained: {out}. Look at {out}/README.md. Next: isoglot export {out} --out DIR")


def export(
    run: Annotated[Path, typer.Argument(help="A run folder made by `isoglot train`.")],
    out: Annotated[Path, typer.Option(help="Encoder folder to make; its name becomes the encoder's.")],
    weights: Annotated[
        Literal["float32", "float16", "int8", "int4"],
        typer.Option(
            help="float16 halves the size, int8 quarters it, int4 (static encoders) takes an eighth; the cost is shown "
            "by language."
        ),
    ] = "float32",
    route: Annotated[
        Literal["torch", "optimum"],
        typer.Option(help="Who traces a transformer's graph; optimum in its own environment (docs/training.md)."),
    ] = "torch",
    whiten: Annotated[
        float,
        typer.Option(
            help="How far a static encoder's directions are evened out, 0 to 1 (docs/training.md); 0 not at all."
        ),
    ] = 0.0,
) -> None:
    """Export a run as an encoder folder, if and only if it agrees with the trained model.

    Example: `isoglot export runs/static --out models/my-encoder --weights int8`
    """
    require_extra()
    from training.card import write_card
    from training.export import export as write

    quieten()
    report = write(run, out, weights, route, whiten)
    write_card(out)
    typer.echo(f"Exported {out} ({report.weights}): least cosine {report.least_cosine:.5f} over {report.texts} texts.")
    kept = ", ".join(f"{code} {share:.1%}" for code, share in report.overlap.items())
    typer.echo(f"Share of the trained top 10 kept, by query language: {kept}.")


def card(folder: Annotated[Path, typer.Argument(help="Encoder folder.")]) -> None:
    """Write an encoder folder's model card from its facts and `results/*/results.json`.

    Example: `isoglot evaluate models/my-encoder --out models/my-encoder/results/demo && isoglot card models/my-encoder`
    """
    from training.card import write_card

    typer.echo(f"Written: {write_card(folder)}")
