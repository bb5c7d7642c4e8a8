"""Searches in threads: those that wait for one collection are answered in one call.

Going to a thread and back costs as much as a small search; under load many share the way, and
FAISS sees several queries at once.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from index.answer import Answer
from index.collection import Collection
from index.encoder import Embedded, join
from index.question import Question
from service.refusals import DeadlineExceeded, WorkerStopped

__all__ = ["Searcher"]

_MOST_AT_ONCE = 64
_LOOK_EVERY = 1.0
"""Seconds after which an idle thread wakes; one that has been told to die does so then."""

_log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _Search:
    """Questions asked in one request, and who waits for the answers."""

    collection: Collection
    questions: Sequence[Question]
    embedded: Embedded
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[list[Answer]]

    def finish(self, answers: list[Answer] | None, error: BaseException | None = None) -> None:
        """Wake the caller, from any thread."""
        try:
            self.loop.call_soon_threadsafe(self._set, answers, error)
        except RuntimeError:  # the loop has been closed: nobody waits any more
            _log.debug("A search outlived its event loop.")

    def _set(self, answers: list[Answer] | None, error: BaseException | None) -> None:
        if self.future.done():
            return
        if error is not None:
            self.future.set_exception(error)
        else:
            self.future.set_result(answers or [])


class _Worker:
    """One thread that searches. since: when the search in hand began; None between two. ended: why it has."""

    def __init__(self, number: int, work: Callable[[_Worker], None]) -> None:
        self.since: float | None = None
        self.ended: str | None = None
        self._thread = threading.Thread(target=work, args=(self,), name=f"search-{number}", daemon=True)
        self._thread.start()

    def fault(self, hangs_after: float) -> str | None:
        """Why it answers nothing; None when it does."""
        since = self.since
        if self.ended is not None or not self._thread.is_alive():
            return self.ended or "A thread that searches has ended. Restart the service."
        if since is not None and (seconds := time.monotonic() - since) > hangs_after:
            return f"A search has been running for {seconds:.0f} s (ISOGLOT_HANG_SECONDS is {hangs_after:g})."
        return None

    def join(self) -> None:
        """Wait for its end."""
        self._thread.join()


class Searcher:
    """Answers questions whose vectors are known.

    threads: searches that may run side by side. hangs_after: seconds after which a search counts as hanging.
    """

    def __init__(self, threads: int, hangs_after: float = 3.0) -> None:
        self._waiting: deque[_Search] = deque()
        self._changed = threading.Condition()
        self._hangs_after, self._is_closing = hangs_after, False
        self._left = threads
        self._workers = [_Worker(number, self._work) for number in range(threads)]

    async def answer(
        self, collection: Collection, questions: Sequence[Question], embedded: Embedded, deadline: float
    ) -> list[Answer]:
        """Answers to questions, as `Collection.answer` gives them and raising what it raises.

        deadline: on `time.monotonic`'s clock. Raises DeadlineExceeded, and WorkerStopped when no thread is left.
        """
        loop = asyncio.get_running_loop()
        search = _Search(collection, questions, embedded, loop, loop.create_future())
        with self._changed:
            if self._is_closing or not self._left:
                raise WorkerStopped(self.fault() or "The service is shutting down.")
            self._waiting.append(search)
            self._changed.notify()
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                return await search.future
        except TimeoutError:
            message = "The search was not answered before its deadline (ISOGLOT_DEADLINE_SECONDS)."
            raise DeadlineExceeded(message, 1) from None

    def fault(self) -> str | None:
        """Why searches are not answered as they should be: a thread that has ended, or hangs; None when all is well."""
        return next((fault for worker in self._workers if (fault := worker.fault(self._hangs_after))), None)

    def _work(self, worker: _Worker) -> None:
        searches: list[_Search] = []
        try:
            while searches := self._take():
                worker.since = time.monotonic()
                _answer_together(searches)
                worker.since = None
        except BaseException as error:  # also what ends threads on purpose: readiness must know
            worker.ended = f"A thread that searches has ended: {error!r}. Restart the service."
            _log.critical(worker.ended, exc_info=error)
        finally:
            self._leave(searches, worker.ended)

    def _take(self) -> list[_Search]:
        """Those at the head that go to one collection, when there are some; none when all is to end."""
        with self._changed:
            while True:
                taken: list[_Search] = []
                while self._waiting and len(taken) < _MOST_AT_ONCE:
                    if self._waiting[0].future.cancelled():
                        self._waiting.popleft()
                    elif taken and self._waiting[0].collection is not taken[0].collection:
                        break
                    else:
                        taken.append(self._waiting.popleft())
                if taken or self._is_closing:
                    return taken
                self._changed.wait(_LOOK_EVERY)

    def _leave(self, searches: list[_Search], ended: str | None) -> None:
        """A thread ends: tell those it was searching for, and all that wait when it was the last one."""
        with self._changed:
            self._left -= 1
            if not self._left:
                searches = [*searches, *self._waiting]
                self._waiting.clear()
        for search in searches:
            search.finish(None, WorkerStopped(ended or "The service has shut down."))

    def close(self) -> None:
        """Finish what has begun."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        for worker in self._workers:
            if worker.fault(self._hangs_after) is None:  # one that hangs may never end
                worker.join()


def _answer_together(searches: list[_Search]) -> None:
    """Answer all in one call; if that fails, each alone, so that one wrong question fails alone."""
    if len(searches) > 1:
        questions = [question for search in searches for question in search.questions]
        embedded = join([search.embedded for search in searches])
        try:
            answers = iter(searches[0].collection.answer(questions, embedded))
        except Exception as error:
            _log.debug("One of %d searches failed: %r", len(searches), error)
        else:
            for search in searches:
                search.finish([next(answers) for _ in search.questions])
            return
    for search in searches:
        try:
            search.finish(search.collection.answer(search.questions, search.embedded))
        except Exception as error:
            search.finish(None, error)
