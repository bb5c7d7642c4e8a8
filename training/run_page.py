"""The run page: what a run did, as `README.md` with one picture, from its log alone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.progress import read_log
from training.recipe_file import read_run_recipe
from training.validation import DECIDING

__all__ = ["write_run_page"]

_Rows = list[dict[str, Any]]

_FEW = 5
"""Fewer points than this are marked: a line through one point shows nothing."""


def write_run_page(run: Path) -> Path:
    """Draw `RUN/run.png` and write `RUN/README.md`; returns the latter's path."""
    rows = _counted(read_log(run))
    figure = Figure(figsize=(12, 8), layout="constrained")
    loss, pairs, rate, throughput = figure.subplots(2, 2).ravel()
    _plot(loss, rows, {"loss/": None, f"{DECIDING}/": "--"}, "InfoNCE loss by regime (dashed: validation)")
    _plot_pairs(pairs, rows)
    _plot(rate, rows, {"learning_rate": None}, "learning rate")
    _plot(throughput, rows, {"pairs_per_second": None}, "pairs per second; dotted: most memory so far, MB")
    memory = throughput.twinx()
    _plot(memory, rows, {"memory_mb": ":"}, "")
    memory.set_ylabel("MB")
    figure.savefig(run / "run.png", dpi=110)
    page = run / "README.md"
    page.write_text(_text(run, rows), encoding="utf-8")
    return page


def _counted(rows: _Rows) -> _Rows:
    """Steps counted on from stage to stage."""
    start, counted = 0, []
    for _, lines in groupby(rows, key=lambda row: str(row["stage"])):
        stage = [{**row, "at": start + row["step"]} for row in lines]
        start = max(row["at"] for row in stage)
        counted += stage
    return counted


def _series(rows: _Rows, prefix: str) -> Iterator[tuple[str, list[int], list[float]]]:
    """Every logged name that begins so, without the language pairs."""
    names = {name: None for row in rows for name in row if name.startswith(prefix) and "→" not in name}
    for name in names:
        points = [(row["at"], row[name]) for row in rows if name in row]
        yield name, [at for at, _ in points], [value for _, value in points]


def _plot(axes: Axes, rows: _Rows, styles: dict[str, str | None], title: str) -> None:
    for prefix, style in styles.items():
        for name, steps, values in _series(rows, prefix):
            axes.plot(steps, values, (style or "-") + ("o" if len(steps) < _FEW else ""), label=name)
    axes.set_title(title)
    axes.set_xlabel("step")
    axes.grid(alpha=0.3)
    if axes.lines and "regime" in title:
        axes.legend()


def _last_pairs(rows: _Rows) -> dict[tuple[str, str], float]:
    last = next((row for row in reversed(rows) if DECIDING in row), {})
    named = {name.partition("/")[2]: value for name, value in last.items() if "→" in name}
    return {(name.partition("→")[0], name.partition("→")[2]): value for name, value in named.items()}


def _plot_pairs(axes: Axes, rows: _Rows) -> None:
    found = _last_pairs(rows)
    axes.set_title("last validation loss by language pair")
    if not found:
        axes.text(0.5, 0.5, "no validation", ha="center", transform=axes.transAxes)
        return
    codes = sorted({code for pair in found for code in pair})
    grid = [[found.get((asked, told), float("nan")) for told in codes] for asked in codes]
    image = axes.imshow(grid, cmap="viridis_r")
    axes.set_xticks(range(len(codes)), codes, rotation=90)
    axes.set_yticks(range(len(codes)), codes)
    axes.set_xlabel("passage")
    axes.set_ylabel("question")
    figure = axes.get_figure()
    assert figure is not None
    figure.colorbar(image, ax=axes)


def _text(run: Path, rows: _Rows) -> str:
    recipe = read_run_recipe(run)
    lines = [
        f"# Run {run.name}: recipe {recipe.name}",
        "",
        recipe.description,
        "",
        "![losses, learning rate, throughput](run.png)",
        "",
        "| stage | steps | last loss | best validation loss | pairs per second | most memory, MB |",
        "|---|---|---|---|---|---|",
    ]
    for stage, group in groupby(rows, key=lambda row: str(row["stage"])):
        found = list(group)
        losses = [row["loss"] for row in found if "loss" in row]
        checked = [row[DECIDING] for row in found if DECIDING in row]
        rates = [row["pairs_per_second"] for row in found if "pairs_per_second" in row]
        memory = [row["memory_mb"] for row in found if "memory_mb" in row]
        cells = [
            stage, f"{found[-1]['step']:,}", f"{losses[-1]:.4f}" if losses else "–",
            f"{min(checked):.4f}" if checked else "–", f"{sum(rates) / len(rates):,.0f}" if rates else "–",
            f"{max(memory):,.0f}" if memory else "–",
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "Every figure is from `log.jsonl`; the recipe with all defaults is `recipe.json`.", ""]
    return "\n".join(lines)
