"""The results of the indexing benchmarks as lines for the terminal and as a Markdown page."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["RESULTS", "keep", "speed_lines", "write_page"]

RESULTS = Path(".bench-indexing/results.json")
"""Where results are kept unless another file is named."""

_SCRIPT, _BARE = "script", "bare ONNX Runtime"
_BY = "by processor time of "
_HEAD = """# Indexing jobs, measured

Written by `python -m benchmarks.indexing page` from the results of the commands below; do not edit.
"""


def keep(results: Path, section: str, found: dict[str, Any], merge: bool = False) -> None:
    """Keep a section of results with the machine's load; merge: beside what the section holds already."""
    kept = json.loads(results.read_text(encoding="utf-8")) if results.is_file() else {}
    before = kept.get(section, {}).get("found", {}) if merge else {}
    kept[section] = {"found": {**before, **found}, "cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}
    results.parent.mkdir(parents=True, exist_ok=True)
    results.write_text(json.dumps(kept, indent=1), encoding="utf-8")


def speed_lines(name: str, section: dict[str, Any]) -> Iterator[str]:
    """A table of passages/s with ratios by round: median, lowest and highest."""
    cores = f", {section['threads']} thread for each" if section["threads"] else ""
    yield f"### {name}: {section['texts']:,} texts of {section['characters']:.0f} characters{cores}"
    yield ""
    yield f"| contender | passages/s | of the script | of the bare graph | {_BY}the script | {_BY}the bare graph |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    for contender, own in sorted(section["seconds"].items(), key=lambda pair: statistics.median(pair[1])):
        cells = [f"{section['texts'] / statistics.median(own):,.1f}"]
        for clock in ("seconds", "processor"):
            times = section[clock]
            bare = times.get(_bare_of(contender)) if contender != _SCRIPT else None
            cells += [_ratio(times.get(_SCRIPT), times[contender]), _ratio(bare, times[contender])]
        yield f"| {contender} | {' | '.join(cells)} |"
    yield ""


def _bare_of(contender: str) -> str:
    word = contender.split()[-1]
    return f"{_BARE} {word}" if word in ("float32", "int8") else _BARE


def _ratio(base: list[float] | None, own: list[float]) -> str:
    """How many times faster than the base, round by round."""
    if base is None:
        return ""
    ratios = [other / mine for other, mine in zip(base, own, strict=True)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"


def write_page(results: dict[str, Any], page: Path) -> None:
    """Write the page; what was not measured is left out."""
    lines = [_HEAD]
    for section, write in (("speed", _speed), ("memory", _memory), ("kills", _kills), ("latency", _latency)):
        if section in results:
            kept = results[section]
            lines += [*write(kept["found"]), f"{kept['cores']} cores, load {kept['load']} when it ended.", ""]
    page.write_text("\n".join(lines), encoding="utf-8")


def _speed(found: dict[str, Any]) -> Iterator[str]:
    yield "## Speed\n"
    yield "`python -m benchmarks.indexing speed --minilm FOLDER --xquad-r FOLDER`\n"
    yield (
        "Contenders take turns in a fresh random order; ratios are those within a round: median (lowest–highest). "
        "The script is `SentenceTransformer.encode` and `faiss.IndexFlatIP.add`, the bare graph ONNX Runtime over all "
        "texts sorted by length, in the batch that is fastest here. Loading is left out. A job checks, compares and "
        "writes durably; a job again skips what is stored. By processor time: of all threads together, which other "
        "work on the machine changes less.\n"
    )
    for name, section in found.items():
        yield from speed_lines(name, section)


def _memory(found: dict[str, Any]) -> Iterator[str]:
    vectors = found["passages"] * found["dimension"] * 4 / 2**20
    yield "## Memory\n"
    yield "`python -m benchmarks.indexing memory --passages N`\n"
    yield (
        f"{found['passages']:,} passages into vectors of {found['dimension']} ({vectors:,.0f} MiB), in "
        f"{found['seconds']:,.0f} s. The most that was seen; beyond the vectors: less 4 bytes a number of those read.\n"
    )
    yield "| step | rows | own memory, MiB | with mapped files, MiB | beyond the vectors, MiB |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for sample in found["samples"]:
        beyond = sample["resident"] - sample["rows"] * found["dimension"] * 4 / 2**20
        told = (f"{sample['rows']:,.0f}", *(f"{v:,.0f}" for v in (sample["anonymous"], sample["resident"], beyond)))
        yield f"| {sample['phase'] or 'done'} | {' | '.join(told)} |"
    yield ""


def _kills(found: dict[str, Any]) -> Iterator[str]:
    yield "## Kills\n"
    yield "`python -m benchmarks.job_kills`, with `--engine ray` too\n"
    yield "SIGKILL at random moments; then everything is compared with an undisturbed run.\n"
    yield "| engine | rows | killed | rows, vectors and counts | seconds |"
    yield "| --- | ---: | --- | --- | ---: |"
    for engine, run in found.items():
        hit = ", ".join(f"{count} × {what}" for what, count in run["hits"].items())
        same = "equal" if run["same"] else "**differ**"
        yield f"| {engine} | {run['rows']:,} | {hit} | {same} | {run['seconds']:,.0f} |"
    yield ""


def _latency(found: dict[str, Any]) -> Iterator[str]:
    yield "## Searches during a job\n"
    yield "`python -m benchmarks.job_latency`\n"
    yield (
        f"`POST /search` on {found['live']:,} live passages while a job builds the next version of "
        f"{found['passages']:,} beside them, which is let run and held by turns. It read {found['read']:,} meanwhile.\n"
    )
    yield "| searches | count | p50 ms | p95 ms | p99 ms |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for name, told in found["times"].items():
        yield f"| {name} | {told['count']:,} | {told['p50']:.1f} | {told['p95']:.1f} | {told['p99']:.1f} |"
    yield ""
