"""Threads that search: killed, hanging and late ones are noticed, and nobody waits for them in vain."""

from __future__ import annotations

import asyncio
import ctypes
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import numpy as np
import pytest

from index.collection import Collection
from index.encoder import Embedded
from index.question import Question
from service.batching import _LOOK_EVERY as _ENCODER_LOOKS_EVERY
from service.engine import _PROOF_SECONDS, Engine
from service.refusals import DeadlineExceeded, WorkerStopped
from service.searching import _LOOK_EVERY, Searcher
from service.settings import Settings
from tests.service.conftest import Serve

NOTHING = Embedded(np.zeros((1, 2), np.float32), np.zeros(1, np.int64), np.zeros(1, bool))
ASKED = [Question("moon")]


class Stub:
    """A collection that answers what it is told to."""

    def __init__(self, fault: BaseException | None = None) -> None:
        self.fault, self.go, self.begun = fault, threading.Event(), threading.Event()

    def answer(self, questions: Sequence[Question], _: Embedded) -> list[Any]:
        """Wait for `go`, then fail or answer with the questions themselves."""
        self.begun.set()
        self.go.wait(10)
        if self.fault is not None:
            raise self.fault
        return list(questions)


def ask(searcher: Searcher, collection: Stub, seconds: float = 10) -> Any:
    return searcher.answer(collection, ASKED, NOTHING, time.monotonic() + seconds)  # type: ignore[arg-type]


def ready(url: str, until: int, seconds: float = 10) -> httpx.Response:
    """Readiness's answer, asked until it has this status.

    seconds: twice the five that are promised, because the tests' machine may be busy.
    """
    began = time.monotonic()
    while (answer := httpx.get(f"{url}/health/ready", timeout=10)).status_code != until:
        assert time.monotonic() - began < seconds, answer.text
        time.sleep(0.05)
    return answer


def kill(thread: threading.Thread) -> None:
    """Have the interpreter raise SystemExit in a thread."""
    number = ctypes.c_ulong(thread.ident or 0)
    assert ctypes.pythonapi.PyThreadState_SetAsyncExc(number, ctypes.py_object(SystemExit)) == 1


def test_an_idle_thread_that_is_killed_is_noticed_within_five_seconds(serve: Serve) -> None:
    with serve() as (url, engine):
        assert ready(url, 200)
        kill(engine._searcher._workers[0]._thread)
        assert "searches has ended" in ready(url, 503).json()["reason"]
        assert httpx.get(f"{url}/health/live").status_code == 200
        answer = httpx.post(f"{url}/search", json={"query": "moon"})
        assert (answer.status_code, answer.json()["code"]) == (503, "worker_stopped")


def test_an_idle_encoder_thread_that_is_killed_is_noticed_too(serve: Serve) -> None:
    with serve() as (url, engine):
        assert ready(url, 200)
        kill(engine.queue._thread)
        assert "runs the encoder has ended" in ready(url, 503).json()["reason"]


def test_a_search_that_ends_its_thread_is_told_to_its_caller_and_by_readiness(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave(*_: object) -> None:
        raise SystemExit

    with serve() as (url, _):
        assert ready(url, 200)
        with monkeypatch.context() as patch:
            patch.setattr(Collection, "answer", leave)
            assert httpx.post(f"{url}/search", json={"query": "moon"}).json()["code"] == "worker_stopped"
        assert "SystemExit" in ready(url, 503).json()["reason"]


def test_a_hanging_search_makes_readiness_say_no_until_it_ends(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    hangs, whole = threading.Event(), Collection.answer

    def answer(self: Collection, *given: Any) -> Any:
        hangs.wait(30)
        return whole(self, *given)

    with serve() as (url, _), ThreadPoolExecutor(1) as pool:
        assert ready(url, 200)
        with monkeypatch.context() as patch:
            patch.setattr(Collection, "answer", answer)
            late = pool.submit(httpx.post, f"{url}/search", json={"query": "moon"}, headers={"x-timeout-seconds": "1"})
            assert (late.result().status_code, late.result().json()["code"]) == (503, "deadline_exceeded")
            assert "has been running for" in ready(url, 503).json()["reason"]
            hangs.set()
            assert ready(url, 200)


def test_a_first_search_that_hangs_leaves_readiness_able_to_answer(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs = threading.Event()
    with serve() as (url, _), monkeypatch.context() as patch:
        patch.setattr(Collection, "answer", lambda *_: hangs.wait(30))
        assert httpx.get(f"{url}/health/ready", timeout=10).status_code == 503
        hangs.set()


def test_one_thread_of_two_that_ends_leaves_the_other_searching() -> None:
    searcher, bad, good = Searcher(2), Stub(SystemExit()), Stub()

    async def both() -> None:
        tasks = [asyncio.create_task(ask(searcher, collection)) for collection in (bad, good)]
        while not (bad.begun.is_set() and good.begun.is_set()):
            await asyncio.sleep(0.01)
        bad.go.set()
        with pytest.raises(WorkerStopped, match="SystemExit"):
            await tasks[0]
        good.go.set()
        assert await tasks[1] == ASKED
        assert await ask(searcher, good) == ASKED

    asyncio.run(both())
    assert "SystemExit" in str(searcher.fault())
    searcher.close()


def test_those_who_wait_when_the_last_thread_ends_are_told() -> None:
    searcher, bad = Searcher(1), Stub(SystemExit())

    async def three() -> list[Any]:
        tasks = [asyncio.create_task(ask(searcher, collection)) for collection in (bad, Stub(), Stub())]
        while not bad.begun.is_set():
            await asyncio.sleep(0.01)
        bad.go.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(result) for result in asyncio.run(three())] == [WorkerStopped] * 3


def test_a_search_keeps_its_deadline_and_is_not_run_after_it() -> None:
    searcher, slow, late = Searcher(1), Stub(), Stub()

    async def two() -> None:
        first = asyncio.create_task(ask(searcher, slow))
        while not slow.begun.is_set():
            await asyncio.sleep(0.01)
        with pytest.raises(DeadlineExceeded):
            await ask(searcher, late, 0.1)
        slow.go.set()
        assert await first == ASKED

    asyncio.run(two())
    searcher.close()
    assert not late.begun.is_set() and searcher.fault() is not None


def test_closing_finishes_what_waits_and_takes_nothing_more() -> None:
    searcher, slow = Searcher(1), Stub()

    async def closing() -> None:
        tasks = [asyncio.create_task(ask(searcher, slow)) for _ in range(3)]
        while not slow.begun.is_set():
            await asyncio.sleep(0.01)
        closed = asyncio.create_task(asyncio.to_thread(searcher.close))
        await asyncio.sleep(0.05)
        with pytest.raises(WorkerStopped):
            await ask(searcher, slow)
        slow.go.set()
        assert await asyncio.gather(*tasks) == [ASKED] * 3
        await closed

    asyncio.run(closing())


def test_what_readiness_waits_for_is_less_than_five_seconds(settings: Settings) -> None:
    assert max(_PROOF_SECONDS, settings.hang_seconds, _LOOK_EVERY, _ENCODER_LOOKS_EVERY) < 5


def test_the_engine_tells_of_any_encoder_s_thread(serve: Serve) -> None:
    with serve() as (_, engine):
        assert isinstance(engine, Engine) and asyncio.run(engine.fault()) is None
        engine.queue.stopped = "It has ended."
        assert asyncio.run(engine.fault()) == "It has ended."
