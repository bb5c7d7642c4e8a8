"""An answer on the terminal: its hits in a table, and what they favour in another."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from index.answer import Answer
from index.bias import BiasReport

__all__ = ["show"]

_SHOWN = 200
"""Characters of a passage; whole passages of five hits would scroll the first one off the terminal."""
_TOLD = 12
"""Languages without hits are told up to so many in all."""


def show(answer: Answer) -> None:
    """Print an answer with the beginnings of its passages, and its report where it has one."""
    console, asked = Console(), answer.query_language
    table = Table(
        title=f"query language: {asked.code} ({asked.how}, {asked.confidence:.0%}); "
        f"searched: {' '.join(answer.languages)}",
        title_justify="left",
    )
    even = ["even rank"] if answer.bias else []
    for heading in ("score", *even, "language", "passage", "id"):
        table.add_column(heading, overflow="fold")
    ranks = answer.bias.offset_ranks if answer.bias else (None,) * len(answer.hits)
    for hit, rank in zip(answer.hits, ranks, strict=True):
        text = " ".join(hit.passage.text.split())
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN].rstrip()}…"
        body = Text.assemble((f"{hit.passage.title}\n" if hit.passage.title else "", "bold"), shown)
        even = [str(rank or "–")] if answer.bias else []
        table.add_row(f"{hit.score:.3f}", *even, hit.passage.language, body, hit.passage.id)
    console.print(table)
    if answer.bias is not None:
        _show_bias(answer.bias, console)


def _show_bias(report: BiasReport, console: Console) -> None:
    facts = report.as_json()
    table = Table(title=f"NDKL {_number(facts['ndkl'])}, by chance up to {_number(facts['ndkl_by_chance'])}")
    for heading in ("language", "passages", "of the pool", "hits", "lift", "offset"):
        table.add_column(heading, justify="left" if heading == "language" else "right")
    for place, row in enumerate(facts["languages"]):
        if row["hits"] or place < _TOLD:
            cells = (f"{row['passages']:,}", f"{row['pool_share']:.1%}", str(row["hits"]))
            lift = "–" if row["lift"] is None else f"{row['lift']:.2f}"
            table.add_row(row["language"], *cells, lift, f"{row['offset']:+.3f}")
    console.print(table)
    console.print(facts["warning"] or facts["sentence"], style="yellow" if facts["warning"] else "")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
