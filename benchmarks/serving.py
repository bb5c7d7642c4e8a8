"""What serving costs beyond the bare libraries, interleaved in one run.

    python -m benchmarks.serving                          the bundled encoder
    python -m benchmarks.serving --encoder FOLDER         any other
    python -m benchmarks.serving --encoder FOLDER --infinity .../infinity_emb

Every round runs each contender once, in a fresh random order; the table shows medians and the ratio to the
bare libraries in this process (tokenise + ONNX Runtime, sorted by length; for search also FAISS and the texts
of the hits). Absolute numbers belong to the machine, ratios travel; beside other load even ratios shake.
`--overload` then sends ten times what was answered, and shows what became of it.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.line import Raw
from benchmarks.load import Load, Server, closed_loop, isoglot, open_loop, request_bytes, running
from index.demo import demo_passages, demo_questions
from index.encoder import Encoder
from service.client import Isoglot

CLIENTS = 32


def texts_of(count: int) -> list[str]:
    """Texts of 4 to 90 English words, 5 to 120 tokens of most encoders."""
    chosen = random.Random(0)
    words = " ".join(row["text"] for row in demo_passages() if row["language"] == "en").split()
    starts = [(chosen.randrange(len(words) - 90), chosen.randint(4, 90)) for _ in range(count)]
    return [" ".join(words[start : start + length]) for start, length in starts]


def bare_rate(work: Callable[[list[str]], object], texts: list[str], seconds: float) -> float:
    """Texts a second, in this process, in calls of `CLIENTS * 8`."""
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        part = [texts[(done + n) % len(texts)] for n in range(CLIENTS * 8)]
        work(part)
        done += len(part)
    return done / (time.perf_counter() - started)


def served_rate(server: Server, requests: list[bytes], seconds: float, texts: int = 1, clients: int = CLIENTS) -> float:
    """Texts a second; texts: how many each request holds."""
    return texts * closed_loop(server.port, requests, clients, seconds).rate


def main(
    encoder: Annotated[str, typer.Option(help="Encoder folder or bundled name.")] = "isoglot-static",
    passages: Annotated[int, typer.Option(help="Passages in the collection.")] = 13_000,
    rounds: Annotated[int, typer.Option(help="Rounds; one more is run to warm up.")] = 5,
    seconds: Annotated[float, typer.Option(help="Seconds for each contender and round.")] = 3,
    infinity: Annotated[str | None, typer.Option(help="Path of infinity_emb, to run beside.")] = None,
    overload: Annotated[float, typer.Option(help="Seconds of ten times the capacity; 0 leaves it out.")] = 0,
) -> None:
    """Measure embedding and searching against the bare libraries."""
    random.seed(0)
    loaded, texts = Encoder(encoder), texts_of(2000)
    rows = demo_passages()
    pool = [f"{rows[n % len(rows)]['text'][:160]} {n}" for n in range(passages)]
    asked = [text for row in demo_questions() for text in row["questions"].values()]
    with ExitStack() as opened:
        data = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        server = opened.enter_context(isoglot(encoder, data, log_level="warning"))
        with Isoglot(f"http://127.0.0.1:{server.port}", timeout=1800) as client:
            client.create("docs")
            for start in range(0, passages, 1000):
                many = range(start, min(start + 1000, passages))
                client.upsert("docs", [{"id": str(n), "text": pool[n], "language": "en"} for n in many])
        raw = Raw(loaded, pool)
        singles = [request_bytes("/embed", {"texts": [text]}) for text in texts]
        lists = [request_bytes("/embed", {"texts": texts[n : n + 32]}) for n in range(0, 1920, 32)]
        queries = [request_bytes("/search", {"query": query, "collection": "docs"}) for query in asked]
        embedding: dict[str, Callable[[], float]] = {
            "bare libraries": lambda: bare_rate(lambda part: loaded.encode(part, "passage"), texts, seconds),
            "32 clients, a text each": lambda: served_rate(server, singles, seconds),
            "4 clients, 32 texts each": lambda: served_rate(server, lists, seconds, 32, 4),
        }
        if infinity:
            command = [
                infinity,
                "v2",
                "--model-id",
                encoder,
                "--engine",
                "torch",
                "--port",
                "{port}",
                "--served-model-name",
                "m",
            ]
            peer = opened.enter_context(running(command, "/health", {"HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1"}))
            bodies = [request_bytes("/embeddings", {"input": [text], "model": "m"}) for text in texts]
            embedding["infinity (torch), 32 clients"] = lambda: served_rate(peer, bodies, seconds)
        report("embedding, texts/s", interleaved(embedding, rounds))
        searching: dict[str, Callable[[], float]] = {
            "bare libraries": lambda: bare_rate(lambda part: search_bare(raw, loaded, part), asked, seconds),
            "32 clients": lambda: served_rate(server, queries, seconds),
            "1 client": lambda: served_rate(server, queries, seconds, 1, 1),
        }
        report(f"searching {passages:,} passages, queries/s", interleaved(searching, rounds))
        one = closed_loop(server.port, queries, 1, seconds)
        print(
            f"one client: p50 {one.percentile(50):.2f} ms, p99 {one.percentile(99):.2f} ms; {server.memory():.0f} MiB"
        )
        if overload:
            press(server, singles, seconds, overload)


def search_bare(raw: Raw, encoder: Encoder, queries: list[str]) -> list[list[str]]:
    """The ten nearest passages' texts for each query, all in one call of FAISS."""
    _, numbers = raw.index.search(encoder.encode(queries, "query"), 10)
    return [[raw.texts[number] for number in row] for row in numbers]


def interleaved(contenders: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Median rate of each contender; one warm-up round is thrown away."""
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds + 1):
        for name in random.sample(sorted(contenders), len(contenders)):
            rate = contenders[name]()
            if turn:
                rates[name].append(rate)
    return {name: statistics.median(values) for name, values in rates.items()}


def report(title: str, rates: dict[str, float]) -> None:
    """Print rates beside those of the bare libraries."""
    table = Table(title=title, title_justify="left")
    for heading in ("contender", "per second", "of bare"):
        table.add_column(heading, justify="left" if heading == "contender" else "right")
    for name, rate in rates.items():
        table.add_row(name, f"{rate:,.0f}", f"{rate / rates['bare libraries']:.2f}")
    Console().print(table)


def press(server: Server, requests: list[bytes], warm: float, seconds: float) -> None:
    """Send ten times the peak, and tell goodput, answers and memory."""
    peak = closed_loop(server.port, requests, CLIENTS, warm * 2).rate
    before = server.memory()
    load: Load = open_loop(server.port, requests, 10 * peak, seconds, 1000)
    print(
        f"overload: peak {peak:.0f}/s, sent {10 * peak:.0f}/s for {seconds:.0f} s; answered {load.rate:.0f}/s "
        f"({load.rate / peak:.2f} of the peak), statuses {dict(load.statuses)}, p99 of the answered "
        f"{load.percentile(99):.0f} ms; memory {before:.0f} -> {server.memory():.0f} MiB"
    )


if __name__ == "__main__":
    typer.run(main)
