"""A typed client: `Isoglot` for ordinary code, `AsyncIsoglot` for asyncio. Needs the extra `[client]` (httpx).

    from service.client import Isoglot

    with Isoglot("http://127.0.0.1:8000") as isoglot:
        for hit in isoglot.search("Why are there two high tides a day?", k=3).hits:
            print(hit.language, hit.title)

Every call may be repeated without harm, so connections that break and answers 429, 502, 503 and
504 are tried again, after `Retry-After` where the service says it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypedDict, TypeVar, Unpack

import httpx

from index.question import Mode
from service import client_calls as calls
from service.client_calls import Call, IsoglotFailed, Kind, Retries
from service.embedding_schemas import EmbedResponse
from service.merge_schemas import MergeInfo
from service.schemas import CollectionInfo, Deleted, Info, LexicalInfo, SearchResponse, Stored

__all__ = ["AsyncIsoglot", "Isoglot", "IsoglotFailed", "SearchOptions"]

T = TypeVar("T")


class SearchOptions(TypedDict, total=False):
    """Where to look; the fields of `POST /search`, which its documentation explains."""

    languages: Sequence[str] | None
    where: Mapping[str, Any] | None
    collection: str | None
    query_language: str | None
    mode: Mode
    rerank: bool
    rerank_candidates: int
    bias: bool
    merge: str | Mapping[str, Any] | None


class Isoglot:
    """A client of one service; safe for threads, and better kept than made anew, because it keeps connections.

    url: where the service is. key: API key, None for a service without. timeout: seconds for each try.
    retries: further tries. Every method raises IsoglotFailed.
    """

    def __init__(self, url: str, key: str | None = None, timeout: float = 30, retries: int = 3) -> None:
        self._retries = retries
        self._http = httpx.Client(base_url=url, headers=calls.headers(key), timeout=timeout)

    def info(self) -> Info:
        """The service's encoder and limits."""
        return self._send(Call("GET", "/info", Info))

    def collections(self) -> list[str]:
        """Names of all collections."""
        return self._send(Call("GET", "/collections", list[str]))

    def search(self, query: str, k: int = 10, **options: Unpack[SearchOptions]) -> SearchResponse:
        """The passages nearest to a question."""
        return self._send(calls.search(query, k, options))

    def search_many(
        self, queries: Sequence[str], k: int = 10, **options: Unpack[SearchOptions]
    ) -> list[SearchResponse]:
        """Answers to several questions, asked in one request."""
        return (self._send(calls.search_many(queries, k, options))).answers

    def embed(self, texts: Sequence[str], kind: Kind = "passage", dimensions: int | None = None) -> EmbedResponse:
        """Vectors of texts, with what was truncated."""
        return self._send(calls.embed(texts, kind, dimensions))

    def create(self, collection: str) -> CollectionInfo:
        """Make a collection; one that exists stays as it is."""
        return self._send(calls.create(collection))

    def switch_lexical(self, collection: str, on: bool = True) -> LexicalInfo:
        """Switch lexical search of a collection on or off; `info` of the collection says when it is ready."""
        return self._send(calls.switch_lexical(collection, on))

    def set_merge(self, collection: str, merge: str | Mapping[str, Any] | None) -> MergeInfo:
        """Set the rule for searches of a collection that name none; None goes back to raw scores."""
        return self._send(calls.set_merge(collection, merge))

    def upsert(self, collection: str, passages: Iterable[Mapping[str, Any]]) -> Stored:
        """Store passages (`id`, `text`, and `language`, `title`, `metadata` where known); all or none."""
        return self._send(calls.upsert(collection, passages))

    def delete(self, collection: str, passage: str | None = None) -> Deleted:
        """Delete a passage by its id, or for None the whole collection."""
        return self._send(calls.delete(collection, passage))

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, call: Call[T]) -> T:
        retries = Retries(self._retries)
        while True:
            response: httpx.Response | httpx.TransportError
            try:
                response = self._http.request(call.method, call.path, json=call.body)
            except httpx.TransportError as error:
                response = error
            if (wait := retries.wait(response)) is None:
                return call.read(response)
            time.sleep(wait)


class AsyncIsoglot:
    """The same for asyncio: every method of `Isoglot`, awaited."""

    def __init__(self, url: str, key: str | None = None, timeout: float = 30, retries: int = 3) -> None:
        self._retries = retries
        self._http = httpx.AsyncClient(base_url=url, headers=calls.headers(key), timeout=timeout)

    async def info(self) -> Info:
        """The service's encoder and limits."""
        return await self._send(Call("GET", "/info", Info))

    async def collections(self) -> list[str]:
        """Names of all collections."""
        return await self._send(Call("GET", "/collections", list[str]))

    async def search(self, query: str, k: int = 10, **options: Unpack[SearchOptions]) -> SearchResponse:
        """The passages nearest to a question."""
        return await self._send(calls.search(query, k, options))

    async def search_many(
        self, queries: Sequence[str], k: int = 10, **options: Unpack[SearchOptions]
    ) -> list[SearchResponse]:
        """Answers to several questions, asked in one request."""
        return (await self._send(calls.search_many(queries, k, options))).answers

    async def embed(self, texts: Sequence[str], kind: Kind = "passage", dimensions: int | None = None) -> EmbedResponse:
        """Vectors of texts, with what was truncated."""
        return await self._send(calls.embed(texts, kind, dimensions))

    async def create(self, collection: str) -> CollectionInfo:
        """Make a collection; one that exists stays as it is."""
        return await self._send(calls.create(collection))

    async def switch_lexical(self, collection: str, on: bool = True) -> LexicalInfo:
        """Switch lexical search of a collection on or off; `info` of the collection says when it is ready."""
        return await self._send(calls.switch_lexical(collection, on))

    async def set_merge(self, collection: str, merge: str | Mapping[str, Any] | None) -> MergeInfo:
        """Set the rule for searches of a collection that name none; None goes back to raw scores."""
        return await self._send(calls.set_merge(collection, merge))

    async def upsert(self, collection: str, passages: Iterable[Mapping[str, Any]]) -> Stored:
        """Store passages (`id`, `text`, and `language`, `title`, `metadata` where known); all or none."""
        return await self._send(calls.upsert(collection, passages))

    async def delete(self, collection: str, passage: str | None = None) -> Deleted:
        """Delete a passage by its id, or for None the whole collection."""
        return await self._send(calls.delete(collection, passage))

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _send(self, call: Call[T]) -> T:
        retries = Retries(self._retries)
        while True:
            response: httpx.Response | httpx.TransportError
            try:
                response = await self._http.request(call.method, call.path, json=call.body)
            except httpx.TransportError as error:
                response = error
            if (wait := retries.wait(response)) is None:
                return call.read(response)
            await asyncio.sleep(wait)
