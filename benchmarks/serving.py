"""What serving costs beyond the bare libraries and beside other servers, interleaved in one run.

    make bench-serving                                      all with all-MiniLM-L6-v2, then the bundled encoder
    python -m benchmarks.serving                            the bundled encoder against the bare libraries alone
    python -m benchmarks.serving --peers ENV/bin/python     with the others, from an environment of their own
    python -m benchmarks.serving --again FILE --page PAGE   the tables and the page once more from earlier results

Every round runs each contender once for some seconds, in a fresh random order. Absolute numbers belong to the
machine, ratios travel; beside other load even ratios shake. `benchmarks/endurance.py` has overload and soak.
"""

from __future__ import annotations

import json
import os
import platform
import random
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console

from benchmarks.load import closed_loop
from benchmarks.serving_bare import Bare, latencies, rate
from benchmarks.serving_contenders import Contender, Peers, ours
from benchmarks.serving_report import show, write
from index.demo import demo_passages, demo_questions
from index.encoder import Encoder

CLIENTS = 32
MODEL = "all-MiniLM-L6-v2"
_HERE = Path(__file__).parent
_errors = Console(stderr=True)

Measure = Callable[[], dict[str, float]]


def texts_of(count: int) -> list[str]:
    """Texts of 4 to 90 English words, 5 to 120 tokens of most encoders."""
    chosen = random.Random(0)
    words = " ".join(row["text"] for row in demo_passages() if row["language"] == "en").split()
    starts = [(chosen.randrange(len(words) - 90), chosen.randint(4, 90)) for _ in range(count)]
    return [" ".join(words[start : start + length]) for start, length in starts]


def pool_of(count: int) -> list[str]:
    """Sentences to search, each another one."""
    rows = demo_passages()
    return [f"{rows[n % len(rows)]['text'][:160]} {n}".replace("\n", " ") for n in range(count)]


@dataclass
class Run:
    """How it is measured, and what was found."""

    rounds: int
    seconds: float
    scenarios: list[dict[str, Any]] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)

    def measure(self, key: str, title: str, contenders: dict[str, Measure], memory: dict[str, Contender]) -> None:
        """Run a scenario; one round to warm up is thrown away."""
        found: dict[str, list[dict[str, float]]] = {name: [] for name in contenders}
        for turn in range(self.rounds + 1):
            for name in random.sample(sorted(contenders), len(contenders)):
                _errors.print(f"{title}: round {turn}, {name}", highlight=False)
                try:
                    measured = contenders[name]()
                except RuntimeError as error:  # told in the page, the others go on
                    self.absent[f"{name} ({key})"] = str(error)
                    del contenders[name]
                    found.pop(name)
                    continue
                if turn:
                    found[name].append(measured)
        medians: dict[str, dict[str, float]] = {
            name: {what: statistics.median(row[what] for row in rows) for what in rows[0]}
            for name, rows in found.items()
        }
        for name, contender in memory.items():
            if name in medians:
                medians[name]["memory"] = contender.server.memory()
        self.scenarios.append({"key": key, "title": title, "contenders": medians})

    def rate(self, key: str, name: str) -> float | None:
        """What a contender reached; None when it did not take part."""
        found = next((s["contenders"] for s in self.scenarios if s["key"] == key), {})
        return found[name]["rate"] if name in found else None

    def time(self, key: str, name: str, what: str) -> float | None:
        """A contender's latency, in ms."""
        found = next((s["contenders"] for s in self.scenarios if s["key"] == key), {})
        return found[name][what] if name in found else None


def _served(contender: Contender, requests: Sequence[bytes], run: Run, clients: int, texts: int = 1) -> Measure:
    def measure() -> dict[str, float]:
        """One round over the socket."""
        load = closed_loop(contender.server.port, requests, clients, run.seconds)
        if set(load.statuses) - {200}:
            raise RuntimeError(f"{contender.name} answered {dict(load.statuses)}")
        return {"rate": load.rate * texts, "p50": load.percentile(50), "p99": load.percentile(99)}

    return measure


def _in_calls(work: Callable[[list[str]], object], texts: Sequence[str], run: Run, at_once: int) -> Measure:
    return lambda: {"rate": rate(work, texts, run.seconds, at_once)}


def _one_at_a_time(work: Callable[[list[str]], object], texts: Sequence[str], run: Run) -> Measure:
    def measure() -> dict[str, float]:
        """One round in this process."""
        found = latencies(work, texts, run.seconds)
        p50, p99 = (1000 * float(np.percentile(found, percent)) for percent in (50, 99))
        return {"rate": len(found) / sum(found), "p50": p50, "p99": p99}

    return measure


def compare(run: Run, encoder: str, name: str, passages: int, python: Path | None) -> None:
    """All scenarios with one encoder. python: the peers'; None leaves them out."""
    loaded, texts, pool = Encoder(encoder), texts_of(2000), pool_of(passages)
    asked = [text for row in demo_questions() for text in row["questions"].values()]
    with ExitStack() as opened:
        data = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        servers = {"Isoglot": ours(encoder, pool, data, opened)}
        peers = Peers(python, loaded.folder, pool, data, opened).all() if python else []
        for other, start in peers:
            _errors.print(f"starting {other}", highlight=False)
            try:
                servers[other] = start()
            except (RuntimeError, OSError) as error:  # told in the page, the others go on
                run.absent[other] = str(error)
        bare = Bare(loaded, pool)
        bare.choose_size(texts[:256])
        _errors.print(f"the bare libraries are fastest in batches of {bare.size}", highlight=False)
        _embed(run, name, servers, bare, texts)
        _search(run, name, {n: s for n, s in servers.items() if s.search}, bare, asked, passages)


def _embed(run: Run, name: str, servers: dict[str, Contender], bare: Bare, texts: list[str]) -> None:
    blocks = [texts[n : n + 32] for n in range(0, len(texts) - 31, 32)]
    for key, title, parts, clients in (
        ("embed-1", f"{CLIENTS} clients, a text each", [[text] for text in texts], CLIENTS),
        ("embed-32", "4 clients, 32 texts each", blocks, 4),
    ):
        contenders = {"bare libraries": _in_calls(bare.encode, texts, run, 256)}
        contenders["bare libraries, lists of 32"] = _in_calls(bare.encode, texts, run, 32)
        for other, server in servers.items():
            requests = [server.embed(part) for part in parts]
            contenders[other] = _served(server, requests, run, clients, len(parts[0]))
        run.measure(f"{name}/{key}", f"{name}: embedding, texts/s, {title}", contenders, servers)


def _search(run: Run, name: str, servers: dict[str, Contender], bare: Bare, asked: list[str], passages: int) -> None:
    for key, clients in (("search-32", CLIENTS), ("search-1", 1)):
        contenders: dict[str, Measure] = {
            "bare libraries": _in_calls(bare.search, asked, run, 32)
            if clients > 1
            else _one_at_a_time(bare.search, asked, run)
        }
        for other, server in servers.items():
            assert server.search is not None
            contenders[other] = _served(server, [server.search(query) for query in asked], run, clients)
        title = f"{name}: searching {passages:,} passages, queries/s, {clients} client{'s' * (clients > 1)}"
        run.measure(f"{name}/{key}", title, contenders, servers)


def wanted(run: Run) -> list[dict[str, Any]]:
    """What was to hold, of what was measured."""
    found: list[dict[str, Any]] = []

    def least(what: str, one: float | None, other: float | None, bound: float) -> None:
        """A ratio that was to be so much at least."""
        if one is not None and other:
            found.append({"what": what, "found": one / other, "bound": f"≥ {bound}", "holds": one / other >= bound})

    def most(what: str, value: float | None, bound: float) -> None:
        """A value that was to be so much at most."""
        if value is not None:
            found.append({"what": what, "found": value, "bound": f"≤ {bound}", "holds": value <= bound})

    def of(key: str, name: str = "Isoglot") -> float | None:
        """The rate of a contender, None where it was not measured."""
        return run.rate(key, name)

    engines = [of(f"{MODEL}/embed-1", f"infinity ({engine})") or 0.0 for engine in ("optimum", "torch")]
    bare, bundled = "bare libraries", "isoglot-static"
    least("single texts from 32 clients, of bare", of(f"{MODEL}/embed-1"), of(f"{MODEL}/embed-1", bare), 0.8)
    least("single texts from 32 clients, of infinity's best engine", of(f"{MODEL}/embed-1"), max(engines), 2)
    least("32 texts a request, of bare", of(f"{MODEL}/embed-32"), of(f"{MODEL}/embed-32", bare), 0.9)
    least("searches of 32 clients, of bare", of(f"{MODEL}/search-32"), of(f"{MODEL}/search-32", bare), 0.8)
    one, alone = (run.time(f"{MODEL}/search-1", who, "p50") for who in ("Isoglot", bare))
    most("p50 of one client's searches, of in process", one / alone if one and alone else None, 1.15)
    most("bundled encoder, one client: p50 in ms", run.time(f"{bundled}/search-1", "Isoglot", "p50"), 2.5)
    most("bundled encoder, one client: p99 in ms", run.time(f"{bundled}/search-1", "Isoglot", "p99"), 10)
    least("bundled encoder, 32 clients: thousands of searches/s", of(f"{bundled}/search-32"), 1000, 1)
    return found


def main(
    peers: Annotated[Path | None, typer.Option(help="Python of the peers' environment; none leaves them out.")] = None,
    passages: Annotated[int, typer.Option(help="Passages in the collection.")] = 13_000,
    rounds: Annotated[int, typer.Option(help="Rounds; one more is run to warm up.")] = 5,
    seconds: Annotated[float, typer.Option(help="Seconds for each contender and round.")] = 3,
    bundled: Annotated[bool, typer.Option(help="Measure the bundled encoder too.")] = True,
    again: Annotated[Path | None, typer.Option(help="Show earlier results instead of measuring.")] = None,
    as_json: Annotated[Path | None, typer.Option("--json", help="File for the results.")] = None,
    page: Annotated[Path | None, typer.Option(help="Markdown page to write.")] = None,
) -> None:
    """Measure embedding and searching against the bare libraries and other servers."""
    results = json.loads(again.read_text(encoding="utf-8")) if again else _measure(
        Run(rounds, seconds), peers, passages, bundled
    )  # fmt: skip
    if as_json:
        as_json.write_text(json.dumps(results, ensure_ascii=False, indent=1), encoding="utf-8")
    show(results)
    if page:
        write(results, page)


def _measure(run: Run, peers: Path | None, passages: int, bundled: bool) -> dict[str, Any]:
    random.seed(0)
    before = os.getloadavg()[0]
    versions = {name: version(name) for name in ("isoglot", "onnxruntime", "faiss-cpu", "tokenizers")}
    if peers:
        folder = peers.parent.parent / MODEL
        subprocess.run([str(peers), str(_HERE / "serving_model.py"), str(folder)], check=True)
        told = "import importlib.metadata as m, json; print(json.dumps({n: m.version(n) for n in %r}))"
        names = ["infinity_emb", "txtai", "sentence-transformers", "torch", "optimum"]
        output = subprocess.run([str(peers), "-c", told % (names,)], check=True, capture_output=True).stdout
        versions |= json.loads(output)
        compare(run, str(folder), MODEL, passages, peers)
    if bundled or not peers:
        compare(run, "isoglot-static", "isoglot-static", passages, None)
    machine = {"cores": os.cpu_count(), "kind": platform.machine(), "load": before, "load_after": os.getloadavg()[0]}
    facts = {"machine": machine, "versions": versions, "rounds": run.rounds, "seconds": run.seconds}
    return {**facts, "scenarios": run.scenarios, "absent": run.absent, "wanted": wanted(run)}


if __name__ == "__main__":
    typer.run(main)
