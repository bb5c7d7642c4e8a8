"""The options of `isoglot index build`, each with its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

__all__ = [
    "AsJson", "Batch", "Bound", "Collection", "Column", "Data", "DistanceBound", "Encoder", "Engine", "Gate",
    "Language", "Length", "LiveEncoder", "Metadata", "Overlap", "Sources", "Split", "Strict", "Switch", "Sync",
]  # fmt: skip

Sources = Annotated[
    list[str],
    typer.Argument(
        help="Files (.jsonl .csv .tsv .parquet, also .gz .zst), folders (BEIR; text, Markdown, HTML), URLs, "
        "data sets (hf:ORGANISATION/NAME), or - for JSON lines on standard input."
    ),
]
Collection = Annotated[str, typer.Option("--collection", "-c", help="Collection to fill, or alias to switch.")]
Sync = Annotated[bool, typer.Option(help="Also remove passages no source holds any more.")]
Switch = Annotated[bool, typer.Option(help="Fill a new version beside the live one, then move the alias.")]
Gate = Annotated[Path | None, typer.Option(help="Known questions to pass before the switch (implies it).")]
Bound = Annotated[float, typer.Option(help="Most a language may lose of R@10 or nDCG@10 at the gate.")]
DistanceBound = Annotated[float, typer.Option(help="Most places its rank distance may grow there.")]
LiveEncoder = Annotated[str | None, typer.Option(help="The live version's encoder, where it is another.")]
Column = Annotated[list[str] | None, typer.Option(help="FIELD=COLUMN of a table, such as text=body.")]
Metadata = Annotated[list[str] | None, typer.Option(help="Column to keep as metadata; may be repeated.")]
Language = Annotated[str | None, typer.Option(help="Language of rows without one; default: detected.")]
Split = Annotated[bool | None, typer.Option(help="Split texts into passages; default: documents only.")]
Length = Annotated[int, typer.Option(help="Longest passage when splitting, in characters; a wide one is 2.")]
Overlap = Annotated[int, typer.Option(help="How much of a passage the next one may repeat.")]
Batch = Annotated[int, typer.Option(help="Passages encoded and committed together.")]
Engine = Annotated[Literal["local", "ray"], typer.Option(help="Where to read and encode.")]
Strict = Annotated[bool, typer.Option(help="Exit 3 when a row was rejected.")]
Encoder = Annotated[
    str | None, typer.Option("--encoder", help="Encoder folder, bundled name or hub id; default ISOGLOT_ENCODER.")
]
Data = Annotated[
    Path | None, typer.Option("--data", help="Folder that holds collections and jobs; default ISOGLOT_DATA.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON: a line each second, the result last.")]
