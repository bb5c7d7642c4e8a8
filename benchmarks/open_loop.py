"""Load that comes whether or not the server keeps up: so many requests a second.

At ten times a server's capacity sending must be cheap, or the generator takes the cores that it is to leave to the
server: requests are bytes made beforehand, sent and noted by callbacks on uvloop's loop.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import uvloop

from benchmarks.load import Client, Load


class _Sender:
    """Sends over free connections, and has an answer noted and its connection freed as soon as it is there."""

    def __init__(self, port: int, requests: Sequence[bytes], load: Load) -> None:
        self.port, self.requests, self.load = port, requests, load
        self.free: list[Client] = []
        self.sent = self.waiting = 0
        self._openings = set[asyncio.Task[None]]()

    async def open(self) -> None:
        """Have one connection more."""
        loop = asyncio.get_running_loop()
        self.free.append((await loop.create_connection(Client, "127.0.0.1", self.port))[1])

    def send(self) -> None:
        """Send the next request; status -1 is noted when every connection waits."""
        request = self.requests[self.sent % len(self.requests)]
        self.sent += 1
        client = self._take()
        if client is None:
            self.load.statuses[-1] += 1
            return
        self.waiting += 1
        asked = time.perf_counter()
        client.ask(request).add_done_callback(lambda told: self._answered(client, told.result(), asked))

    def _take(self) -> Client | None:
        """A free connection, if there is one; what the server has closed idle is opened anew."""
        while self.free:
            client = self.free.pop()
            if not client.transport.is_closing():
                return client
            self._open_later()
        return None

    def _answered(self, client: Client, status: int, asked: float) -> None:
        self.load.note(status, time.perf_counter() - asked)
        self.waiting -= 1
        if status:
            self.free.append(client)
        else:
            self._open_later()

    def _open_later(self) -> None:
        task = asyncio.get_running_loop().create_task(self.open())
        self._openings.add(task)
        task.add_done_callback(self._openings.discard)


async def _open(port: int, requests: Sequence[bytes], rate: float, seconds: float, most: int) -> Load:
    load = Load()
    sender = _Sender(port, requests, load)
    for _ in range(most):
        await sender.open()
    started, worked = time.perf_counter(), time.process_time()
    while (now := time.perf_counter() - started) < seconds:
        for _ in range(int(now * rate) - sender.sent):
            sender.send()
        await asyncio.sleep(0.002)
    load.seconds = time.perf_counter() - started
    load.generator = (time.process_time() - worked) / load.seconds
    while sender.waiting and time.perf_counter() - started < seconds + 60:
        await asyncio.sleep(0.05)
    return load


def open_loop(port: int, requests: Sequence[bytes], rate: float, seconds: float, most: int) -> Load:
    """So many requests a second whether or not they are answered, over at most `most` connections.

    Status -1 counts those that found no connection free; they are not sent at all. A latency is counted from when
    the request was handed to its socket until the generator has read the whole answer, so that what the
    generator itself is late to read is held against the server.
    """
    return uvloop.run(_open(port, requests, rate, seconds, most))
