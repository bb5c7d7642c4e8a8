"""Searches in threads: those that wait for one collection are answered in one call.

Going to a thread and back costs as much as a small search; under load many share the way, and
FAISS sees several queries at once.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from index.answer import Answer
from index.collection import Collection
from index.encoder import Embedded, join
from index.question import Question

__all__ = ["Searcher"]

_MOST_AT_ONCE = 64

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
        self.loop.call_soon_threadsafe(self._set, answers, error)

    def _set(self, answers: list[Answer] | None, error: BaseException | None) -> None:
        if self.future.done():
            return
        if error is not None:
            self.future.set_exception(error)
        else:
            self.future.set_result(answers or [])


class Searcher:
    """Answers questions whose vectors are known. threads: searches that may run side by side."""

    def __init__(self, threads: int) -> None:
        self._waiting: deque[_Search] = deque()
        self._lock = threading.Lock()
        self._threads, self._busy = threads, 0
        self._pool = ThreadPoolExecutor(threads, "search")

    async def answer(self, collection: Collection, questions: Sequence[Question], embedded: Embedded) -> list[Answer]:
        """Answers to questions, as `Collection.answer` gives them and raising what it raises."""
        loop = asyncio.get_running_loop()
        search = _Search(collection, questions, embedded, loop, loop.create_future())
        with self._lock:
            self._waiting.append(search)
            is_free = self._busy < self._threads
            self._busy += is_free
        if is_free:
            self._pool.submit(self._work)
        return await search.future

    def _work(self) -> None:
        while searches := self._take():
            try:
                _answer_together(searches)
            except BaseException as error:  # what ends the thread must not leave callers waiting
                _log.exception("A search has failed.")
                for search in searches:
                    search.finish(None, error if isinstance(error, Exception) else RuntimeError(repr(error)))

    def _take(self) -> list[_Search]:
        """Those at the head that go to one collection; the thread goes home when there are none."""
        with self._lock:
            taken: list[_Search] = []
            while self._waiting and len(taken) < _MOST_AT_ONCE:
                if self._waiting[0].future.cancelled():
                    self._waiting.popleft()
                elif taken and self._waiting[0].collection is not taken[0].collection:
                    break
                else:
                    taken.append(self._waiting.popleft())
            self._busy -= not taken
        return taken

    def close(self) -> None:
        """Finish what has begun."""
        self._pool.shutdown()


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
