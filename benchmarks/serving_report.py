"""The serving benchmark's results as tables in the terminal and a Markdown page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

METHOD = (
    "Contenders take turns in a fresh random order; figures are medians over the rounds, a first round is thrown away. "
    "“of bare” is the ratio to the bare libraries in one process (tokenizers + ONNX Runtime in their best batch size, "
    "sorted by length; for searches also FAISS and the texts of the hits), measured in the same rounds. Clients and "
    "servers share the machine. Memory is what a server's processes hold in the end, model and index counted."
)
_COLUMNS = ("contender", "per second", "of bare", "p50 ms", "p99 ms", "MiB")


def show(results: dict[str, Any]) -> None:
    """Print all tables."""
    for scenario in results["scenarios"]:
        table = Table(title=scenario["title"], title_justify="left")
        for column in _COLUMNS:
            table.add_column(column, justify="left" if column == "contender" else "right")
        for row in _rows(scenario):
            table.add_row(*row)
        Console().print(table)
    for line in _verdicts(results):
        print(line)


def write(results: dict[str, Any], path: Path) -> None:
    """Write the page."""
    machine = results["machine"]
    lines = [
        "# Serving, measured", "",
        "Written by `make bench-serving` (`benchmarks/serving.py`) from its results; do not edit.", "",
        f"Machine: {machine['cores']} cores ({machine['kind']}), load {machine['load']:.1f} before the run and "
        f"{machine['load_after']:.1f} after it. {results['rounds']} rounds of {results['seconds']:g} s each. "
        f"{', '.join(f'{name} {version}' for name, version in results['versions'].items())}.", "",
        METHOD, "",
    ]  # fmt: skip
    for scenario in results["scenarios"]:
        lines += [f"## {scenario['title']}", "", _line(_COLUMNS), "| --- |" + " ---: |" * (len(_COLUMNS) - 1)]
        lines += [*(_line(row) for row in _rows(scenario)), ""]
    lines += ["## What was to hold", "", *(f"- {verdict}" for verdict in _verdicts(results)), ""]
    for name, reason in results["absent"].items():
        lines += [f"{name} did not run: {reason}", ""]
    path.write_text("\n".join(lines), encoding="utf-8")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _rows(scenario: dict[str, Any]) -> Iterator[list[str]]:
    bare = scenario["contenders"]["bare libraries"]["rate"]
    for name, found in sorted(scenario["contenders"].items(), key=lambda pair: -pair[1]["rate"]):
        times = [f"{found[key]:,.2f}" if found.get(key) is not None else "" for key in ("p50", "p99")]
        memory = f"{found['memory']:,.0f}" if found.get("memory") is not None else ""
        yield [name, f"{found['rate']:,.0f}", f"{found['rate'] / bare:.2f}", *times, memory]


def _verdicts(results: dict[str, Any]) -> Iterator[str]:
    for wanted in results["wanted"]:
        verdict = "held" if wanted["holds"] else "NOT held"
        yield f"{verdict}: {wanted['what']}: {wanted['found']:.2f} ({wanted['bound']})"
