"""The queue before an encoder: which texts run together, in what order, and who is turned away.

The whole policy:
- A text waits only while the encoder is busy: nothing is held back to fill a batch.
- Queries go before passages, but every eighth batch is one of passages if any wait, so that a
  stream of queries cannot shut them out.
- A batch is the text that has waited longest and those nearest to it in length, as many as the
  token budget holds: little padding, and nobody waits for ever.
- Texts whose client has gone, or whose deadline has passed, are dropped before they are run.
- A request is turned away (`Overloaded`) when too many texts wait, or when those before it would,
  at the speed measured, take longer than its deadline.

One thread tokenises and runs; both let go of Python's lock, so the event loop goes on meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from index.encoder import Embedded, Encoder, Kind, Tokenized
from index.errors import IsoglotError
from service.refusals import DeadlineExceeded, Overloaded, WorkerStopped
from service.waiting import WaitingRequest, WaitingText

__all__ = ["BatchQueue", "Watcher"]

_PASSAGES_EVERY = 8
_WINDOW = 256
"""Texts tokenised ahead, among which a batch finds texts of its length."""
_LOOK_EVERY = 1.0
"""Seconds after which an idle thread wakes; one that has been told to die does so then."""
_CHARACTERS_A_TOKEN = 8
"""Texts are weighed by characters, up to as many as the encoder can read of them."""

_log = logging.getLogger(__name__)


class Watcher(Protocol):
    """Who is told what the queue does (`service/metrics.py`)."""

    def ran(self, kind: Kind, texts: int, tokens: int, padded: int, waited: Sequence[float]) -> None:
        """A batch has run. padded: tokens with padding. waited: seconds each text waited."""


class BatchQueue:
    """Runs an encoder for many callers at once.

    tokens: budget of a batch, padding counted. most: texts that may wait. watcher: told of each batch.
    """

    def __init__(self, encoder: Encoder, tokens: int, most: int, watcher: Watcher | None = None) -> None:
        self.encoder, self.budget, self.most, self.watcher = encoder, tokens, most, watcher
        self.stopped: str | None = None
        self.waiting: dict[Kind, int] = {"query": 0, "passage": 0}
        self._weight: dict[Kind, int] = {"query": 0, "passage": 0}
        self._lanes: dict[Kind, deque[WaitingText]] = {"query": deque(), "passage": deque()}
        self._windows: dict[Kind, list[WaitingText]] = {"query": [], "passage": []}
        self._running: list[WaitingText] = []
        self._seconds_a_character = 0.0
        self._turn, self._is_closing = 0, False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name=f"encode-{encoder.name}", daemon=True)
        self._thread.start()

    async def embed(
        self, texts: Sequence[str], kind: Kind, deadline: float, tokenized: Tokenized | None = None
    ) -> Embedded:
        """Vectors of texts, when their turn has come; cancelling the call takes them out of the queue.

        texts: checked by `index.text.clean`. deadline: on `time.monotonic`'s clock. tokenized: the texts as
        tokens; `texts` is not read then. Raises Overloaded, DeadlineExceeded, WorkerStopped, or what the
        encoder raises.
        """
        count = len(texts) if tokenized is None else len(tokenized.ids)
        request = WaitingRequest(kind, count, self.encoder.dimension, deadline)
        if tokenized is None:
            waiting = request.texts(texts, self.encoder.description.maximum_tokens * _CHARACTERS_A_TOKEN)
        else:
            waiting = request.tokens_as_texts(tokenized, _CHARACTERS_A_TOKEN)
        self._admit(request, waiting)
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                return await request.future
        except TimeoutError:
            message = "The request was not answered before its deadline (ISOGLOT_DEADLINE_SECONDS)."
            raise DeadlineExceeded(message, self.wait(kind)) from None
        finally:
            request.future.cancel()

    def wait(self, kind: Kind) -> float:
        """Seconds that a text would wait now, at the speed measured."""
        weight = self._weight["query"] + (self._weight["passage"] if kind == "passage" else 0)
        return weight * self._seconds_a_character

    def require_room(self, kind: Kind, count: int, deadline: float) -> None:
        """Raise Overloaded when `count` more texts cannot wait, or would wait past the deadline."""
        held, wait = sum(self.waiting.values()), self.wait(kind)
        if held and held + count > self.most:
            raise Overloaded(
                f"{held:,} texts wait already and at most {self.most:,} may (ISOGLOT_MAX_WAITING). Try again later.",
                wait,
                limit=self.most,
            )
        if held and time.monotonic() + wait > deadline:
            raise Overloaded(f"What waits already takes about {wait:.0f} s, longer than the deadline allows.", wait)

    def _admit(self, request: WaitingRequest, waiting: list[WaitingText]) -> None:
        with self._changed:
            if self.stopped is not None or self._is_closing:
                raise WorkerStopped(self.stopped or "The service is shutting down.")
            self.require_room(request.kind, len(waiting), request.deadline)
            self._lanes[request.kind].extend(waiting)
            self._count(request.kind, waiting, 1)
            self._changed.notify()

    def _count(self, kind: Kind, texts: Sequence[WaitingText], sign: int) -> None:
        self.waiting[kind] += sign * len(texts)
        self._weight[kind] += sign * sum(item.weight for item in texts)

    def _work(self) -> None:
        try:
            while (kind := self._next_lane()) is not None:
                self._serve(kind)
        except BaseException as error:  # also what ends threads on purpose: readiness must know
            self.stopped = f"The thread that runs the encoder has ended: {error!r}. Restart the service."
            _log.critical(self.stopped, exc_info=error)
        finally:
            self._abandon(WorkerStopped(self.stopped or "The service has shut down."))

    def _next_lane(self) -> Kind | None:
        """Wait until there is something to do; None when the queue is closed and empty."""
        with self._changed:
            while not any(self.waiting.values()):
                if self._is_closing:
                    return None
                self._changed.wait(_LOOK_EVERY)
            self._turn += 1
            first: Kind = "passage" if self._turn % _PASSAGES_EVERY == 0 else "query"
            second: Kind = "query" if first == "passage" else "passage"
            return first if self.waiting[first] else second

    def _serve(self, kind: Kind) -> None:
        """Tokenise what has come, and run one batch."""
        started = time.monotonic()
        self._running = self._fill(kind)
        try:
            self._tokenize(kind, self._running)
            self._windows[kind] += self._running
            self._running = self._choose(kind)
            if self._running:
                vectors = self.encoder.run([item.ids or [] for item in self._running])
        except Exception as error:
            _log.exception("The encoder failed on %d texts.", len(self._running))
            told = error if isinstance(error, IsoglotError) else IsoglotError("The encoder failed; see the log.")
            for request in {item.request for item in self._running}:
                request.finish(told)
        else:
            for item, vector in zip(self._running, vectors if self._running else (), strict=True):
                item.request.put(item.row, vector)
            self._measure(kind, self._running, started)
        with self._changed:
            self._count(kind, self._running, -1)
        self._running = []

    def _fill(self, kind: Kind) -> list[WaitingText]:
        """Take from the lane what the window has room for, and drop from both what nobody waits for."""
        now, lane, window = time.monotonic(), self._lanes[kind], self._windows[kind]
        with self._changed:
            come = [lane.popleft() for _ in range(min(len(lane), _WINDOW - len(window)))]
            gone = {item for item in (*come, *window) if item.request.is_unwanted(now)}
            self._count(kind, list(gone), -1)
        window[:] = [item for item in window if item not in gone]
        return [item for item in come if item not in gone]

    def _tokenize(self, kind: Kind, new: list[WaitingText]) -> None:
        untold = [item for item in new if item.ids is None]
        if untold:
            tokenized = self.encoder.tokenize([item.text for item in untold], kind)
            for item, ids, is_cut in zip(untold, tokenized.ids, tokenized.truncated, strict=True):
                item.tokenized(ids, bool(is_cut))

    def _choose(self, kind: Kind) -> list[WaitingText]:
        """Take a batch out of the window: the oldest text and those nearest to it in length."""
        window = self._windows[kind]
        if not window:
            return []
        ranked = sorted(range(len(window)), key=lambda place: window[place].length)
        lengths = [window[place].length for place in ranked]
        low = high = ranked.index(0)
        while low > 0 or high + 1 < len(ranked):
            below = lengths[high] - lengths[low - 1] if low else None
            above = lengths[high + 1] - lengths[high] if high + 1 < len(ranked) else None
            take_above = below is None or (above is not None and above <= below)
            if (high - low + 2) * lengths[high + take_above] > self.budget:
                break
            low, high = (low, high + 1) if take_above else (low - 1, high)
        chosen = set(ranked[low : high + 1])
        batch = [window[place] for place in ranked[low : high + 1]]
        window[:] = [item for place, item in enumerate(window) if place not in chosen]
        return batch

    def _measure(self, kind: Kind, batch: list[WaitingText], started: float) -> None:
        if not batch:
            return
        seconds = time.monotonic() - started
        speed = seconds / max(1, sum(item.weight for item in batch))
        self._seconds_a_character += 0.1 * (speed - self._seconds_a_character)
        if self.watcher is not None:
            lengths = [item.length for item in batch]
            waited = [started - item.request.arrived for item in batch]
            self.watcher.ran(kind, len(batch), sum(lengths), max(lengths) * len(batch), waited)

    def _abandon(self, error: Exception) -> None:
        with self._changed:
            left = [item for kind in self._lanes for item in (*self._lanes[kind], *self._windows[kind])]
            left += self._running
            for kind in self._lanes:
                self._lanes[kind].clear()
                self._windows[kind].clear()
                self.waiting[kind] = self._weight[kind] = 0
        for request in {item.request for item in left}:
            request.finish(error)

    def close(self) -> None:
        """Run what is waiting, then end the thread."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join()
