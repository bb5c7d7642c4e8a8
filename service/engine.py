"""What the routes work with: encoders, collections and queues, put together once at start."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool

from index.answer import Answer
from index.catalog import Catalog
from index.collection import Collection
from index.encoder import Embedded, Encoder
from index.errors import IsoglotError
from index.question import Question
from index.threads import share_cores
from service.batching import BatchQueue
from service.metrics import Metrics
from service.refusals import Overloaded
from service.reranking import RerankingSearcher
from service.searching import Searcher
from service.settings import Settings
from service.tracing import open_tracer

__all__ = ["Engine", "EngineOf"]

_PROOF_SECONDS = 3.0
"""What readiness grants a tiny search: whoever asks is told within five seconds."""


class Engine:
    """The encoders and the collections of one service.

    Raises what loading the encoder raises: without it there is nothing to serve. A demo
    collection that cannot be opened is told by readiness instead, because others may be sound.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings, self.metrics = settings, Metrics()
        self.tracer = open_tracer(settings.otel_endpoint)
        threads = share_cores(settings.threads)
        self.encoders = settings.open_encoders()
        self.encoder, reranker = self.encoders.default, settings.load_reranker()
        self.catalog = Catalog(
            settings.place(), self.encoder, allowed=settings.languages, encoders=self.encoders, reranker=reranker
        )
        self.metrics.watch_bias(self.catalog.opened)
        self._queues: dict[str, BatchQueue] = {}
        self._queues_lock = threading.Lock()
        self.queue = self.queue_before(self.encoder)
        self._searcher = Searcher(threads, settings.hang_seconds)
        self._reranking = RerankingSearcher()
        self._is_proven = False
        if settings.demo:
            self.catalog.ensure_demo()

    def _open_queue(self, encoder: Encoder) -> BatchQueue:
        queue = BatchQueue(encoder, self.settings.batch_tokens, self.settings.max_waiting, self.metrics)
        # Two encoders of one name, before and after an upgrade, are told apart by their fingerprints.
        names = {known.encoder.name for known in self._queues.values()}
        name = f"{encoder.name}-{encoder.fingerprint[:12]}" if encoder.name in names else encoder.name
        self.metrics.watch_queue(name, "query", lambda: queue.waiting["query"])
        self.metrics.watch_queue(name, "passage", lambda: queue.waiting["passage"])
        return queue

    def queue_before(self, encoder: Encoder) -> BatchQueue:
        """The queue before an encoder, opened when first asked for."""
        with self._queues_lock:
            if encoder.fingerprint not in self._queues:
                self._queues[encoder.fingerprint] = self._open_queue(encoder)
            return self._queues[encoder.fingerprint]

    def queues(self) -> list[BatchQueue]:
        """All queues, that of the encoder that is set first."""
        return list(self._queues.values())

    def queue_of(self, collection: Collection) -> BatchQueue:
        """The queue before a collection's encoder."""
        return self.queue_before(collection.encoder)

    def collection(self, name: str | None = None) -> Collection:
        """An open collection, the default one for None; raises NotFound or what opening raises."""
        return self.catalog.get(name or self.settings.collection)

    async def opened(self, name: str | None = None) -> Collection:
        """The same without blocking the event loop: one that is not open yet is opened in a thread."""
        found = self.catalog.peek(name or self.settings.collection)
        return found if found is not None else await run_in_threadpool(self.collection, name)

    async def answer(
        self, collection: Collection, questions: Sequence[Question], embedded: Embedded, deadline: float
    ) -> list[Answer]:
        """Answer questions whose vectors are known, in a thread; deadline: on `time.monotonic`'s clock."""
        started = time.perf_counter()
        searcher = self._reranking if any(question.rerank for question in questions) else self._searcher
        answers = await searcher.answer(collection, questions, embedded, deadline)
        seconds = (time.perf_counter() - started) / len(questions)
        for answer, vector in zip(answers, embedded.vectors, strict=True):
            self.metrics.searched(answer, seconds)
            languages = [hit.passage.language for hit in answer.hits]
            collection.running.note(answer.query_language.code, vector, languages)
        return answers

    def note_fault(self) -> None:
        """Something failed that should not: the next question for readiness is answered by a real search."""
        self._is_proven = False

    async def fault(self) -> str | None:
        """Why no search can be answered now; None when all is well.

        Threads and the default collection are looked at each time; a tiny real search runs at first and
        after a fault, past all limits.
        """
        if (fault := self._stopped()) is not None:
            return fault
        try:
            async with asyncio.timeout(_PROOF_SECONDS):
                await self._prove()
        except Overloaded:
            return None  # busy is not broken
        except TimeoutError:
            return f"A tiny search was not answered within {_PROOF_SECONDS:g} s."
        except IsoglotError as error:
            return error.message
        return None

    def _stopped(self) -> str | None:
        """What a thread that has ended or hangs tells of itself."""
        ended = (queue.stopped for queue in self.queues() if queue.stopped is not None)
        return next(ended, None) or self._searcher.fault()

    async def _prove(self) -> None:
        collection = await self.opened()
        if not self._is_proven and collection.counts():
            deadline = time.monotonic() + _PROOF_SECONDS
            embedded = await self.queue_of(collection).embed(["ready?"], "query", deadline)
            # Past `answer`: nobody asked this, so neither metrics nor the bias of searches may count it.
            await self._searcher.answer(collection, [Question("ready?", 1)], embedded, deadline)
        self._is_proven = True

    def close(self) -> None:
        """Finish what was accepted, then close all collections."""
        for queue in self.queues():
            queue.close()
        self._searcher.close()
        self._reranking.close()
        self.catalog.close()
        self.tracer.close()


async def _engine(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


EngineOf = Annotated[Engine, Depends(_engine)]
"""For routes: the engine of the running app."""
