"""Results for people: a table on the terminal, JSON and a picture in a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

__all__ = ["cross_by_query_language", "show", "write"]


def show(results: dict[str, Any]) -> None:
    """Print the three settings, per language and on average."""
    settings, bias = results["settings"], results["bias"]
    table = Table(title=f"{results['encoder']} on {results['benchmark']}", title_justify="left")
    table.add_column("query language")
    for heading in ("mono mAP", "cross mAP", "pooled mAP", "pooled R@10", "rank distance"):
        table.add_column(heading, justify="right")
    crossed = cross_by_query_language(results)
    for code, pooled in settings["multilingual"]["by_language"].items():
        table.add_row(
            code,
            _number(settings["monolingual"]["by_language"].get(code, {}).get("mAP")),
            _number(crossed.get(code)),
            _number(pooled["mAP"]),
            _number(pooled["R@10"]),
            f"{bias['rank_distance_by_language'][code]:,.0f}",
        )
    table.add_section()
    table.add_row(
        "mean",
        _number(settings["monolingual"].get("mAP")),
        _number(settings["cross-lingual"].get("mAP")),
        _number(settings["multilingual"]["mAP"]),
        _number(settings["multilingual"]["R@10"]),
        f"{bias['rank_distance']:,.0f}",
        style="bold",
    )
    Console().print(table)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def cross_by_query_language(results: dict[str, Any]) -> dict[str, float]:
    """Query language → mean mAP over the other languages' pools."""
    collected: dict[str, list[float]] = {}
    for pair, scores in results["settings"]["cross-lingual"].get("by_pair", {}).items():
        collected.setdefault(pair.split("→")[0], []).append(scores["mAP"])
    return {code: float(np.mean(values)) for code, values in collected.items()}


def write(results: dict[str, Any], folder: Path) -> None:
    """Write `results.json` and `report.png`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(results, indent=2, ensure_ascii=False), encoding="utf-8")
    _plot(results, folder / "report.png")


def _plot(results: dict[str, Any], path: Path) -> None:
    """Heat map of mAP by query and passage language, the diagonal monolingual."""
    from matplotlib.figure import Figure

    codes, grid = _grid(results)
    figure = Figure(figsize=(0.55 * len(codes) + 2.5, 0.55 * len(codes) + 1.8), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(grid, cmap="cividis", vmin=0, vmax=1)
    axes.set_xticks(range(len(codes)), codes)
    axes.set_yticks(range(len(codes)), codes)
    axes.set_xlabel("passage language")
    axes.set_ylabel("query language")
    for (row, column), value in np.ndenumerate(grid):
        if np.isfinite(value):
            ink = "black" if value > 0.55 else "white"
            axes.text(column, row, f"{value:.2f}".lstrip("0"), ha="center", va="center", fontsize=8, color=ink)
    settings = results["settings"]
    axes.set_title(
        f"{results['encoder']} on {results['benchmark']}: mAP by language pair\n"
        f"pooled mAP {settings['multilingual']['mAP']:.3f}, rank distance {results['bias']['rank_distance']:,.0f}",
        fontsize=10,
    )
    figure.colorbar(image, shrink=0.8)
    figure.savefig(path, dpi=150)


def _grid(results: dict[str, Any]) -> tuple[list[str], np.ndarray]:
    settings = results["settings"]
    codes = list(settings["multilingual"]["by_language"])
    grid = np.full((len(codes), len(codes)), np.nan)
    for number, code in enumerate(codes):
        grid[number, number] = settings["monolingual"]["by_language"].get(code, {}).get("mAP", np.nan)
    for pair, scores in settings["cross-lingual"].get("by_pair", {}).items():
        query, passage = pair.split("→")
        grid[codes.index(query), codes.index(passage)] = scores["mAP"]
    return codes, grid
