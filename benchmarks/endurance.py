"""Overload and soak: what a service does when far more comes than it can do, and when it runs for long.

    python -m benchmarks.endurance overload --minutes 5
    python -m benchmarks.endurance soak --minutes 30

Each serves Isoglot in a process of its own with data of its own, calls 127.0.0.1 alone, ends by itself and writes
JSON: answers by status, goodput, deadlines kept, resident memory over time. The generator shares the cores: how much
of one it takes, and how much the server, is told (`generator_cores`, `server_cores`).
"""

from __future__ import annotations

import json
import os
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer

from benchmarks.load import Load, Server, closed_loop, request_bytes
from benchmarks.open_loop import open_loop
from benchmarks.serving import pool_of, texts_of
from benchmarks.serving_contenders import ours
from index.demo import demo_questions

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help=__doc__)

CLIENTS = 32
EncoderOption = Annotated[str, typer.Option(help="Encoder folder or bundled name.")]
PassagesOption = Annotated[int, typer.Option(help="Passages in the collection.")]
MinutesOption = Annotated[float, typer.Option(help="How long it lasts.")]
JsonOption = Annotated[Path | None, typer.Option("--json", help="File for the results; printed anyway.")]

Memory = list[tuple[float, float]]
"""Seconds since the beginning, and MiB."""


@contextmanager
def _watched(server: Server, every: float) -> Iterator[Memory]:
    """Resident memory while this lasts."""
    found: Memory = []
    over, began = threading.Event(), time.monotonic()

    def look() -> None:
        """Note the memory until it is over."""
        while not over.wait(every if found else 0):
            found.append((round(time.monotonic() - began, 1), round(server.memory(), 1)))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield found
    finally:
        over.set()
        watcher.join()
        found.append((round(time.monotonic() - began, 1), round(server.memory(), 1)))


def _growth(memory: Memory) -> float:
    """The median of the last tenth over that of the second tenth, less one: the first tenth is warming up."""
    part = max(1, len(memory) // 10)
    early = [size for _, size in memory[part : 2 * part]] or [memory[0][1]]
    return median(size for _, size in memory[-part:]) / median(early) - 1


def _told(load: Load, memory: Memory, **more: Any) -> dict[str, Any]:
    return {
        "seconds": round(load.seconds, 1),
        "machine": {"cores": os.cpu_count(), "load": os.getloadavg()[0]},
        "statuses": {str(status): count for status, count in sorted(load.statuses.items())},
        "goodput": round(load.rate, 1),
        "p50_ms": round(load.percentile(50), 1),
        "p99_ms": round(load.percentile(99), 1),
        "memory_growth": round(_growth(memory), 4),
        "memory": memory,
        **more,
    }


def _end(result: dict[str, Any], file: Path | None) -> None:
    if file:
        file.write_text(json.dumps(result, indent=1), encoding="utf-8")
    memory = result["memory"]
    print(json.dumps({**result, "memory": [memory[0], memory[-1]]}, indent=1))


@app.command()
def overload(
    minutes: MinutesOption = 5,
    times: Annotated[float, typer.Option(help="What is sent, as a multiple of the capacity measured before.")] = 10,
    texts: Annotated[int, typer.Option(help="Texts of a request: more make requests dear, and easy to send.")] = 8,
    deadline: Annotated[float, typer.Option(help="Seconds each request grants.")] = 2,
    connections: Annotated[int, typer.Option(help="Connections at most; who finds none free is not sent.")] = 4000,
    encoder: EncoderOption = "isoglot-static",
    passages: PassagesOption = 1000,
    as_json: JsonOption = None,
) -> None:
    """Send many times the capacity: goodput must stay, what is accepted must keep its deadline, the rest be refused."""
    chosen = texts_of(2000)
    bodies = [{"texts": chosen[n : n + texts]} for n in range(0, len(chosen) - texts + 1, texts)]
    plain = [request_bytes("/embed", body) for body in bodies]
    pressed = [request_bytes("/embed", body, x_timeout_seconds=f"{deadline:g}") for body in bodies]
    with _served(encoder, passages) as server:
        closed_loop(server.port, plain, CLIENTS, 2)
        peak = closed_loop(server.port, plain, CLIENTS, min(20.0, 15 * minutes)).rate
        worked = server.worked()
        with _watched(server, min(5.0, 6 * minutes)) as memory:
            load = open_loop(server.port, pressed, times * peak, 60 * minutes, connections)
        worked = server.worked() - worked
    late = sum(seconds > deadline for seconds in load.latencies)
    sent = sum(count for status, count in load.statuses.items() if status != -1)
    result = _told(
        load, memory, peak=round(peak, 1), goodput_of_peak=round(load.rate / peak, 3), asked_per_second=times * peak,
        sent_per_second=round(sent / load.seconds, 1), not_sent=load.statuses.get(-1, 0), deadline=deadline,
        answered_late=late, refused_within_p99_ms=round(Load(refused=[], latencies=load.refused).percentile(99), 1),
        generator_cores=round(load.generator, 2), server_cores=round(worked / load.seconds, 2),
        only_expected=set(load.statuses) <= {200, 429, 503, -1},
    )  # fmt: skip
    _end(result, as_json)


@app.command()
def soak(
    minutes: MinutesOption = 30,
    share: Annotated[float, typer.Option(help="What is sent, as a share of the capacity measured before.")] = 0.5,
    encoder: EncoderOption = "isoglot-static",
    passages: PassagesOption = 13_000,
    as_json: JsonOption = None,
) -> None:
    """Mixed load for long: searches, embeddings, writes, deletions and looks; no error, and memory must not grow."""
    requests, expected = _mixed(2000)
    with _served(encoder, passages) as server:
        closed_loop(server.port, requests, CLIENTS, 2)
        peak_load = closed_loop(server.port, requests, CLIENTS, min(20.0, 15 * minutes))
        peak = sum(peak_load.statuses.values()) / peak_load.seconds
        with _watched(server, min(10.0, 6 * minutes)) as memory:
            load = open_loop(server.port, requests, share * peak, 60 * minutes, 512)
    wrong = {str(status): count for status, count in load.statuses.items() if status not in expected}
    _end(_told(load, memory, sent_per_second=round(share * peak, 1), errors=wrong), as_json)


@contextmanager
def _served(encoder: str, passages: int) -> Iterator[Server]:
    with ExitStack() as opened:
        data = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        yield ours(encoder, pool_of(passages), data, opened).server


def _mixed(count: int) -> tuple[list[bytes], set[int]]:
    """Requests in the proportions of a busy service, and the statuses they may be answered with.

    Ids that are written and deleted come from a small set, so that the collection does not grow.
    """
    dice, texts = random.Random(0), texts_of(500)
    asked = [text for row in demo_questions() for text in row["questions"].values()]
    passage = "/collections/docs/passages"
    makers = {
        60: lambda: request_bytes("/search", {"query": dice.choice(asked), "collection": "docs"}),
        10: lambda: request_bytes("/search", {"query": dice.choices(asked, k=4), "k": 5}),
        12: lambda: request_bytes("/embed", {"texts": dice.choices(texts, k=dice.randint(1, 8)), "kind": "query"}),
        8: lambda: request_bytes(passage, [_passage(n, dice, texts) for n in dice.sample(range(200), 3)]),
        4: lambda: request_bytes(f"{passage}/soak-{dice.randrange(200)}", method="DELETE"),
        3: lambda: request_bytes("/collections/docs", method="GET"),
        2: lambda: request_bytes("/metrics", method="GET"),
        1: lambda: request_bytes("/search", {"query": " "}),
    }
    kinds = dice.choices(list(makers.values()), weights=list(makers), k=count)
    # Blank questions are answered 422, deletions of what is not there 404.
    return [make() for make in kinds], {200, 404, 422}


def _passage(number: int, dice: random.Random, texts: list[str]) -> dict[str, str]:
    return {"id": f"soak-{number}", "text": dice.choice(texts), "language": "en"}


if __name__ == "__main__":
    app()
