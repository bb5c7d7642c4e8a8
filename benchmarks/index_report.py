"""The index benchmark's results as tables in the terminal, a Markdown page and a picture of growth."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

TEXTS = "FAISS HNSW or scan + texts"
METHOD = (
    "Contenders take turns in a fresh random order, each with the same five queries. Settings are chosen on other "
    "queries, for the recall aimed at. “of FAISS” is the ratio of medians to the fastest bare FAISS line that reaches "
    "the recall. Bare lines return numbers and know beforehand what a filter allows; Isoglot returns passages, and “of "
    "FAISS + texts” compares it with the line that also reads ten passages from SQLite. FAISS searches on one thread; "
    "peers use what they use."
)
SAMPLING = 0.003
"""How far recall over a few hundred queries strays from that of the queries settings were chosen on."""
HEADINGS = ("contender", "setting", "recall@10", "p50 ms", "p95 ms", "of FAISS", "of FAISS + texts")


def best_line(scenario: dict[str, Any], target: float) -> tuple[str, dict[str, Any]] | None:
    """The fastest bare FAISS line that reaches the recall, else the one of best recall; None when none was asked."""
    lines = {n: c for n, c in scenario["contenders"].items() if n.startswith("FAISS") and n != TEXTS}
    if not lines:
        return None
    good = {name: line for name, line in lines.items() if line["recall"] >= target - SAMPLING}
    if good:
        return min(good.items(), key=lambda pair: pair[1]["p50"])
    return max(lines.items(), key=lambda pair: pair[1]["recall"])


def rows(scenario: dict[str, Any], target: float) -> Iterator[list[str]]:
    """One row per contender, fastest first."""
    line = best_line(scenario, target)
    texts = scenario["contenders"].get(TEXTS)
    for name, found in sorted(scenario["contenders"].items(), key=lambda pair: pair[1]["p50"]):
        notes = f" ({found['outside']} outside the filter)" if found["outside"] else ""
        yield [
            name + notes,
            found["setting"],
            f"{found['recall']:.3f}",
            f"{found['p50']:.3f}" if found["p50"] < 1 else f"{found['p50']:.1f}",
            f"{found['p95']:.3f}" if found["p95"] < 1 else f"{found['p95']:.1f}",
            f"{found['p50'] / line[1]['p50']:.2f}" if line else "",
            f"{found['p50'] / texts['p50']:.2f}" if texts else "",
        ]


def show(console: Console, name: str, measured: dict[str, Any]) -> None:
    """Tables of one size."""
    for title, scenario in measured["scenarios"].items():
        table = Table(title=f"{name}: {title}, {scenario['passages']:,} passages", title_justify="left")
        for heading in HEADINGS:
            table.add_column(heading, justify="left" if heading in HEADINGS[:2] else "right")
        for row in rows(scenario, measured["target"]):
            table.add_row(*row)
        console.print(table)
    for line in (*building(measured), *alone(measured)):
        console.print(line)


def building(measured: dict[str, Any]) -> Iterator[str]:
    """Seconds of building, Isoglot's graphs as a ratio to the bare graph of this run or the one kept."""
    bare = measured["built"].get("FAISS HNSW + bit map", {}).get("graph")
    for name, parts in measured["built"].items():
        if parts and name != "FAISS HNSW or scan":  # it reads the graph of the line above
            ratio = f"; {sum(parts.values()) / bare:.2f} × bare HNSW" if bare else ""
            yield f"built {name}: {', '.join(f'{part} {seconds:.1f} s' for part, seconds in parts.items())}{ratio}"


def alone(measured: dict[str, Any]) -> Iterator[str]:
    """Filters met for the first time; start-up and memory by storage."""
    for name, ms in measured["new_filters"].items():
        yield f"{name}: a 1 % metadata filter not asked before costs {ms:.2f} ms (median of 100 values)"
    for storage, found in measured["alone"].items():
        raw = found["raw_mb"]
        yield (
            f"{storage} in a fresh process: searchable after {found['start_seconds']:.2f} s; resident "
            f"{found['resident_mb']:,.0f} MB ({found['resident_mb'] / raw:.2f} × the raw float32 vectors), "
            f"{found['anonymous_mb']:,.0f} MB of it ({found['anonymous_mb'] / raw:.2f} ×) not pages of files"
        )


def write_page(results: dict[str, Any], page: Path) -> None:
    """The Markdown page, and the picture of growth beside it."""
    picture = page.with_suffix(".png")
    machine = results["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in sorted(machine["versions"].items()))
    out = [
        "# The index, measured", "",
        "Written by `make bench-index` (`benchmarks/index.py`) from its results; do not edit.", "",
        f"Machine: {machine['cores']} cores ({machine['processor']}), load {machine['load']} when the last size ended. "
        f"{versions}.", "", METHOD, "",
    ]  # fmt: skip
    for name, measured in results["sizes"].items():
        out += [f"## {name}", "", *_limits(measured)]
        for title, scenario in measured["scenarios"].items():
            out += [
                f"### {title}: {scenario['passages']:,} passages",
                "",
                *_markdown(HEADINGS, rows(scenario, measured["target"])),
                "",
            ]
        out += [f"- {line}" for line in (*building(measured), *alone(measured))] + [""]
    if draw(results, picture):
        out += ["## Growth", "", f"![latency, memory and build time by number of vectors]({picture.name})", ""]
    page.write_text("\n".join(out))


def _limits(measured: dict[str, Any]) -> list[str]:
    links, construction = measured["graph"]
    out = [
        f"{measured['vectors']:,} vectors of {measured['dim']}; bare graphs M {links}, efConstruction {construction}; "
        f"settings chosen for recall@10 ≥ {measured['target']}."
    ]
    if measured["vectors"] > measured["peers_at"]:
        out.append(f"Peers are left out here: they were given {measured['peers_at']:,} vectors at most.")
    return [*out, ""]


def _markdown(headings: tuple[str, ...], lines: Iterator[list[str]]) -> list[str]:
    aligned = ["---", "---", *["---:"] * (len(headings) - 2)]
    return ["| " + " | ".join(cells) + " |" for cells in (headings, aligned, *lines)]


def draw(results: dict[str, Any], picture: Path) -> bool:
    """Latency, memory and build time by number of vectors; False with fewer than two sizes of made vectors."""
    sizes = sorted((m for n, m in results["sizes"].items() if n.startswith("made")), key=lambda m: m["vectors"])
    if len(sizes) < 2:
        return False
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, (latency, memory, build) = pyplot.subplots(1, 3, figsize=(15, 4.5), layout="constrained")
    for title in sizes[0]["scenarios"]:
        _line(latency, sizes, title, lambda m, t=title: m["scenarios"][t]["contenders"].get("Isoglot", {}).get("p50"))
    for storage in sorted({storage for m in sizes for storage in m["alone"]}):
        _line(memory, sizes, storage, lambda m, s=storage: m["alone"].get(s, {}).get("resident_mb"))
    _line(memory, sizes, "raw float32", lambda m: m["vectors"] * m["dim"] * 4 / 2**20, "--")
    _line(build, sizes, "Isoglot", lambda m: sum(m["built"].get("Isoglot", {}).values()) or None)
    _line(build, sizes, "bare FAISS HNSW", lambda m: m["built"].get("FAISS HNSW + bit map", {}).get("graph"), "--")
    for axes, label in ((latency, "p50 of a search, ms"), (memory, "resident memory, MB"), (build, "building, s")):
        axes.set(xscale="log", yscale="log", xlabel="vectors", ylabel=label)
        axes.legend(frameon=False, fontsize=8)
    figure.savefig(picture, dpi=120)
    return True


def _line(axes: Any, sizes: list[dict[str, Any]], label: str, value: Any, style: str = "-") -> None:
    points = [(m["vectors"], value(m)) for m in sizes if value(m)]
    axes.plot([x for x, _ in points], [y for _, y in points], style, marker="o", label=label)
