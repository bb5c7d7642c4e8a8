"""The queue's policy, with an encoder that notes what it runs and can be held."""

from __future__ import annotations

import asyncio
import ctypes
import threading
import time
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.encoder import Embedded, Encoder, Kind, Tokenized
from index.errors import IsoglotError
from service.batching import BatchQueue
from service.refusals import DeadlineExceeded, Overloaded, WorkerStopped


class Held:
    """An encoder whose runs wait for `go`; `runs` lists the token lengths of each."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder, self.runs = encoder, list[list[int]]()
        self.go, self.entered = threading.Event(), threading.Event()
        self.fault: BaseException | None = None

    def __getattr__(self, name: str) -> object:
        return getattr(self._encoder, name)

    def tokenize(self, texts: Sequence[str], kind: Kind) -> Tokenized:
        return self._encoder.tokenize(texts, kind)

    def run(self, ids: list[list[int]]) -> np.ndarray:
        self.entered.set()
        assert self.go.wait(30)
        self.runs.append([len(tokens) for tokens in ids])
        if self.fault is not None:
            raise self.fault
        return self._encoder.run(ids)


@pytest.fixture
def held(encoder: Encoder) -> Held:
    return Held(encoder)


@pytest.fixture
def queue(held: Held) -> Iterator[BatchQueue]:
    opened = BatchQueue(held, tokens=16, most=20)  # type: ignore[arg-type]
    yield opened
    held.go.set()
    opened.close()


def soon(seconds: float = 30) -> float:
    return time.monotonic() + seconds


async def start(queue: BatchQueue, held: Held, *asked: tuple[list[str], Kind]) -> list[asyncio.Task[Embedded]]:
    """Ask for all while the encoder is held at a first text."""
    first = asyncio.create_task(queue.embed(["moon"], "query", soon()))
    await asyncio.to_thread(held.entered.wait, 30)
    tasks = [asyncio.create_task(queue.embed(texts, kind, soon())) for texts, kind in asked]
    await asyncio.sleep(0.05)
    return [first, *tasks]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from(["moon", "tide moon", "bread yeast heart blood", "луна"]), min_size=1, max_size=5),
        min_size=1,
        max_size=8,
    ),
    st.integers(1, 40),
)
def test_vectors_are_those_of_the_encoder_alone(encoder: Encoder, requests: list[list[str]], budget: int) -> None:
    queue = BatchQueue(encoder, budget, 1000)

    async def ask() -> list[Embedded]:
        kinds: list[Kind] = ["query", "passage"]
        return await asyncio.gather(*(queue.embed(texts, kinds[n % 2], soon()) for n, texts in enumerate(requests)))

    for n, (texts, given_back) in enumerate(zip(requests, asyncio.run(ask()), strict=True)):
        expected = encoder.embed(texts, ["query", "passage"][n % 2])
        np.testing.assert_allclose(given_back.vectors, expected.vectors, atol=1e-5)
        assert given_back.tokens.tolist() == expected.tokens.tolist()
    queue.close()


def test_queries_go_first_and_lengths_go_together(queue: BatchQueue, held: Held) -> None:
    async def ask() -> None:
        long, short = "moon tide bread yeast heart blood", "tide"
        tasks = await start(queue, held, ([short, long] * 2, "passage"), ([long, short, long, short], "query"))
        held.go.set()
        await asyncio.gather(*tasks)

    asyncio.run(ask())
    # 16 tokens a batch: the oldest query with its like, then the rest; passages last.
    assert held.runs[1:] == [[6, 6], [1, 1], [1, 1], [6, 6]]


def test_passages_are_not_shut_out(queue: BatchQueue, held: Held) -> None:
    async def ask() -> None:
        passage, query = "moon tide bread yeast heart blood ebbe", "moon tide bread yeast heart blood ebbe mond"
        tasks = await start(queue, held, ([passage] * 2, "passage"), *[([query] * 2, "query")] * 8)
        held.go.set()
        await asyncio.gather(*tasks)

    asyncio.run(ask())
    # Two texts fill a batch; the passages, asked for first, come eighth.
    assert held.runs.index([7, 7]) == 7 and held.runs[1:7] == [[8, 8]] * 6 and len(held.runs) == 10


def test_who_has_gone_is_not_served(queue: BatchQueue, held: Held) -> None:
    async def ask() -> None:
        first, gone, late = await start(queue, held, (["tide", "bread"], "query"), (["yeast"], "query"))
        gone.cancel()
        await asyncio.sleep(0.01)
        held.go.set()
        await asyncio.gather(first, late)
        assert gone.cancelled()

    asyncio.run(ask())
    assert held.runs == [[1], [1]]
    assert queue.waiting == {"query": 0, "passage": 0}


def test_a_deadline_is_kept(queue: BatchQueue, held: Held) -> None:
    async def ask() -> None:
        tasks = await start(queue, held)
        began = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            await queue.embed(["bread"], "query", soon(0.1))
        assert time.monotonic() - began < 5
        held.go.set()
        await asyncio.gather(*tasks)

    asyncio.run(ask())
    assert held.runs == [[1]], "what is late is not run"


def test_more_than_may_wait_is_turned_away_and_nothing_of_it_is_kept(queue: BatchQueue, held: Held) -> None:
    async def ask() -> None:
        tasks = await start(queue, held, (["moon"] * 15, "passage"))
        with pytest.raises(Overloaded, match="at most 20") as refused:
            await queue.embed(["moon"] * 5, "query", soon())
        assert refused.value.retry_after >= 1 and queue.waiting == {"query": 1, "passage": 15}
        held.go.set()
        await asyncio.gather(*tasks)

    asyncio.run(ask())


def test_a_fault_fails_its_own_batch_only(queue: BatchQueue, held: Held) -> None:
    async def ask() -> None:
        (first,) = await start(queue, held)
        held.fault = ValueError("broken")
        held.go.set()
        with pytest.raises(IsoglotError, match="encoder failed"):
            await first
        held.fault = None
        assert (await queue.embed(["moon"], "query", soon())).tokens.tolist() == [1]

    asyncio.run(ask())


def test_a_killed_thread_is_noticed_and_everyone_is_told(queue: BatchQueue, held: Held) -> None:
    async def ask() -> None:
        tasks = await start(queue, held, (["bread"], "passage"))
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(queue._thread.ident or 0), ctypes.py_object(SystemExit)
        )
        held.go.set()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(result, WorkerStopped | Embedded)
        await asyncio.to_thread(queue._thread.join, 5)
        with pytest.raises(WorkerStopped, match="Restart"):
            await queue.embed(["moon"], "query", soon())

    asyncio.run(ask())
    assert queue.stopped


def test_closing_finishes_what_was_accepted(held: Held) -> None:
    queue = BatchQueue(held, 16, 100)  # type: ignore[arg-type]

    async def ask() -> None:
        tasks = await start(queue, held, (["bread"] * 30, "passage"))
        closing = asyncio.create_task(asyncio.to_thread(queue.close))
        await asyncio.sleep(0.02)
        with pytest.raises(WorkerStopped, match="shutting down"):
            await queue.embed(["moon"], "query", soon())
        held.go.set()
        await asyncio.gather(*tasks)
        await closing

    asyncio.run(ask())
