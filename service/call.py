"""One request at work: its deadline, its checked texts, its vectors, its answers.

Everything slow goes through here, so that a client who goes away takes his work with him.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from fastapi.concurrency import run_in_threadpool

from index.answer import Answer
from index.collection import Added, Collection
from index.encoder import Embedded, Kind, Tokenized, join
from index.errors import CollectionMoved, TooLarge
from index.passages import Passage
from index.question import Question
from index.text import clean
from service.batching import BatchQueue
from service.engine import Engine
from service.refusals import ClientGone
from service.request_facts import LONGEST_TIMEOUT, facts_of

__all__ = ["Call", "CallOf"]


_PASSAGES_AT_ONCE = 256


class Call:
    """A request and the engine that works on it. timeout: seconds the client grants; None takes the setting.

    They count from when the last of the request was read, where the server tells when that was.
    """

    def __init__(self, request: Request, engine: Engine, timeout: float | None = None) -> None:
        self.engine, self._request = engine, request
        self._timeout = timeout
        self._began = facts_of(request.scope).read or time.monotonic()

    def deadline(self, is_bulk: bool = False) -> float:
        """When the answer is due, on `time.monotonic`'s clock."""
        settings = self.engine.settings
        most = settings.bulk_deadline_seconds if is_bulk else settings.deadline_seconds
        return self._began + min(most, self._timeout or most)

    def texts(self, texts: Sequence[str], what: str) -> list[str]:
        """Check texts against the limits; raises InvalidInput or TooLarge."""
        settings = self.engine.settings
        self.require_count(len(texts))
        named = [what] if len(texts) == 1 else [f"{what} number {number}" for number in range(1, len(texts) + 1)]
        checked = [clean(text, name, settings.max_text_characters) for text, name in zip(texts, named, strict=True)]
        if settings.log_texts:
            facts_of(self._request.scope).texts += checked
        return checked

    def require_count(self, count: int) -> None:
        """Raise TooLarge for more texts than one request may hold."""
        limit = self.engine.settings.max_texts
        if count > limit:
            raise TooLarge(
                f"{count:,} texts were sent; at most {limit:,} are accepted (ISOGLOT_MAX_TEXTS). Split them.",
                texts=count,
                limit=limit,
            )

    async def embed(
        self, queue: BatchQueue, texts: Sequence[str], kind: Kind, tokenized: Tokenized | None = None
    ) -> Embedded:
        """Vectors of checked texts, or of tokens; raises what `BatchQueue.embed` raises, and ClientGone."""
        with self.engine.tracer.span("encode"), self._watched():
            return await queue.embed(texts, kind, self.deadline(), tokenized)

    async def embed_passages(self, collection: Collection, passages: Sequence[Passage]) -> Embedded | None:
        """Vectors of passages, a few at a time, so that others get their turn; None for no passages.

        Raises what `BatchQueue.embed` raises, and ClientGone: nothing is stored then.
        """
        queue, parts = self.engine.queue_of(collection), list[Embedded]()
        with self.engine.tracer.span("encode"), self._watched():
            for start in range(0, len(passages), _PASSAGES_AT_ONCE):
                texts = [passage.searchable for passage in passages[start : start + _PASSAGES_AT_ONCE]]
                parts.append(await queue.embed(texts, "passage", self.deadline(is_bulk=True)))
        return join(parts) if parts else None

    async def store(self, name: str, passages: Sequence[Passage]) -> Added:
        """Encode and store passages, with another encoder once more where it has changed meanwhile.

        Raises what `embed_passages` and `Collection.upsert` raise, but CollectionMoved.
        """
        while True:
            collection = await self.engine.opened(name)
            embedded = await self.embed_passages(collection, passages)
            try:
                return await run_in_threadpool(collection.upsert, passages, embedded)
            except CollectionMoved:
                del collection  # which closes it, unless others still search it

    async def answer(self, collection: Collection, questions: Sequence[Question]) -> list[Answer]:
        """Answers to questions whose queries are checked; raises what `Collection.answer` raises."""
        queue = self.engine.queue_of(collection)
        embedded = await self.embed(queue, [question.query for question in questions], "query")
        with self.engine.tracer.span("search"):
            return await self.engine.answer(collection, questions, embedded, self.deadline())

    def _watched(self) -> AbstractContextManager[None]:
        return _Watched(self._request)


class _Watched(AbstractContextManager[None]):
    """Cancels what runs inside when the client goes, and raises ClientGone."""

    def __init__(self, request: Request) -> None:
        self._request, self._is_gone = request, False

    def __enter__(self) -> None:
        self._task = asyncio.current_task()
        self._watch = asyncio.get_running_loop().create_task(self._wait())

    async def _wait(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        self._is_gone = True
        if self._task is not None:
            self._task.cancel()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        self._watch.cancel()
        if self._is_gone and isinstance(error, asyncio.CancelledError):
            if self._task is not None:
                self._task.uncancel()
            raise ClientGone("The client has closed its connection.") from error


# A coroutine, though it waits for nothing: FastAPI sends a plain function to a thread and back, for every request.
async def _call(
    request: Request,
    timeout: Annotated[
        float | None,
        Header(
            alias="X-Timeout-Seconds",
            gt=0,
            le=LONGEST_TIMEOUT,
            description="When to give up, if earlier than the service would.",
        ),
    ] = None,
) -> Call:
    return Call(request, request.app.state.engine, timeout)


CallOf = Annotated[Call, Depends(_call)]
"""For routes: the request at work."""
