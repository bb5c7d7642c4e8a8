"""Searches that a reranker finishes: one after the other in a thread of their own, so that none holds up the others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from index.answer import Answer
from index.collection import Collection
from index.encoder import Embedded
from index.question import Question
from service.refusals import DeadlineExceeded, Overloaded

__all__ = ["RerankingSearcher"]

_MOST_WAITING = 64


class RerankingSearcher:
    """Answers questions that ask for a reranker. One at a time: it takes all cores already."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "rerank")
        self._waiting, self._seconds = 0, 1.0

    async def answer(
        self, collection: Collection, questions: Sequence[Question], embedded: Embedded, deadline: float
    ) -> list[Answer]:
        """As `Collection.answer`. deadline: on `time.monotonic`'s clock; whoever still waits then is dropped.

        Raises Overloaded when too many wait, DeadlineExceeded, and what `Collection.answer` raises.
        """
        if self._waiting >= _MOST_WAITING:
            wait = self._waiting * self._seconds
            raise Overloaded(f"{self._waiting} searches wait for the reranker already. Try again later.", wait)
        self._waiting += 1
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self._pool, self._timed, collection, questions, embedded)
        except TimeoutError:
            message = (
                "The reranker was not done before the deadline (ISOGLOT_DEADLINE_SECONDS); ask it to read fewer hits."
            )
            raise DeadlineExceeded(message, self._waiting * self._seconds) from None
        finally:
            self._waiting -= 1

    def _timed(self, collection: Collection, questions: Sequence[Question], embedded: Embedded) -> list[Answer]:
        started = time.monotonic()
        answers = collection.answer(questions, embedded)
        self._seconds += 0.1 * (time.monotonic() - started - self._seconds)
        return answers

    def close(self) -> None:
        """Finish what has begun."""
        self._pool.shutdown(cancel_futures=True)
