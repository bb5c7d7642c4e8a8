"""Load on an HTTP server of this machine, made cheaply enough to leave the cores to the server.

Not a benchmark of its own: `benchmarks/serving.py` and `benchmarks/endurance.py` use it. Loops are bounded in
time, and only 127.0.0.1 is ever called.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import uvloop


@dataclass
class Load:
    """What happened. seconds: how long it took; latencies: of answers with status 200, in seconds.

    refused: how long the others took. generator: processor seconds that sending and reading took, a second.
    """

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    generator: float = 0.0

    def note(self, status: int, seconds: float) -> None:
        """Count an answer."""
        self.statuses[status] += 1
        (self.latencies if status == 200 else self.refused).append(seconds)

    @property
    def rate(self) -> float:
        """Answers with status 200 a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, percent: float) -> float:
        """Latency in milliseconds."""
        return 1000 * float(np.percentile(self.latencies, percent)) if self.latencies else float("nan")


def request_bytes(path: str, body: Any = None, method: str = "POST", **headers: str) -> bytes:
    """A request as it goes over the wire; body: sent as JSON, None for none. headers: `_` stands for `-`."""
    content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    given = {"host": "127.0.0.1", "content-type": "application/json", "content-length": str(len(content)), **headers}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name.replace('_', '-')}: {value}" for name, value in given.items())]
    return "\r\n".join([*lines, "", ""]).encode() + content


class Client(asyncio.Protocol):
    """One connection that sends a request at a time."""

    def __init__(self) -> None:
        self._buffer, self._left, self._status = b"", -1, 0
        self.answer: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what to write to."""
        self.transport: Any = transport

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 (asyncio's signature)
        """Answer 0 to whoever waits."""
        if self.answer and not self.answer.done():
            self.answer.set_result(0)

    def ask(self, request: bytes) -> asyncio.Future[int]:
        """Send a request; the future tells the status, 0 when the connection broke."""
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self.answer

    def data_received(self, data: bytes) -> None:
        """Read head and body; the answer is there when as many bytes have come as the head says."""
        if self._left < 0:
            self._buffer += data
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._buffer[:end].lower()
            self._status = int(head[9:12])
            at = head.index(b"content-length:") + 15
            self._left = int(head[at : head.find(b"\r", at) if b"\r" in head[at:] else None])
            data, self._buffer = self._buffer[end + 4 :], b""
        self._left -= len(data)
        if self._left <= 0 and self.answer and not self.answer.done():
            self._left = -1
            self.answer.set_result(self._status)


async def _closed(port: int, requests: Sequence[bytes], clients: int, seconds: float) -> Load:
    load, started = Load(), time.perf_counter()
    loop = asyncio.get_running_loop()

    async def client(number: int) -> None:
        """Ask until the time is over, on one connection; on a new one when it breaks."""
        _, protocol = await loop.create_connection(Client, "127.0.0.1", port)
        chosen = random.Random(number)
        while time.perf_counter() - started < seconds:
            asked = time.perf_counter()
            status = await protocol.ask(chosen.choice(requests))
            load.note(status, time.perf_counter() - asked)
            if status == 0:
                _, protocol = await loop.create_connection(Client, "127.0.0.1", port)
        protocol.transport.close()

    await asyncio.gather(*(client(number) for number in range(clients)))
    load.seconds = time.perf_counter() - started
    return load


def closed_loop(port: int, requests: Sequence[bytes], clients: int, seconds: float) -> Load:
    """So many clients, each asking again as soon as it is answered."""
    return uvloop.run(_closed(port, requests, clients, seconds))


@contextlib.contextmanager
def running(
    command: Sequence[str], ready: str, environment: dict[str, str] | None = None, folder: Path | None = None
) -> Iterator[Server]:
    """A server process; `{port}` in the command is a free port. ready: path that answers 200 once it is up.

    folder: where it runs; None is here.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [part.replace("{port}", str(port)) for part in command],
        env={**os.environ, **(environment or {})},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL if not os.environ.get("SHOW") else None,
    )
    try:
        _wait_for(process, f"http://127.0.0.1:{port}{ready}")
        yield Server(port, psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait(60)


def _wait_for(process: subprocess.Popen[bytes], url: str, seconds: float = 600) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"{url} does not answer (set SHOW=1 to see what the server says).")


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    process: psutil.Process

    def memory(self) -> float:
        """Resident memory in MiB, child processes counted."""
        processes = [self.process, *self.process.children(recursive=True)]
        return sum(process.memory_info().rss for process in processes) / 2**20

    def worked(self) -> float:
        """Processor seconds it has taken, its child processes not counted."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


def isoglot(encoder: str, data: Path, **settings: object) -> contextlib.AbstractContextManager[Server]:
    """Isoglot, served from this Python, without the demo collection; the default one is `docs`, to be made."""
    settings = {"demo": "false", "collection": "docs", **settings}
    environment = {f"ISOGLOT_{name.upper()}": str(value) for name, value in settings.items()}
    command = [sys.executable, "-c", "from index.cli import main; main()", "serve", "--port", "{port}"]
    return running([*command, "--encoder", encoder, "--data", str(data)], "/health/live", environment)
