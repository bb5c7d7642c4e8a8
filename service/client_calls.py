"""What a client can ask, how answers are read, and when a request is sent again: shared by both clients."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter, ValidationError

from service.embedding_schemas import EmbedResponse
from service.merge_schemas import MergeInfo
from service.schemas import CollectionInfo, Deleted, LexicalInfo, Problem, SearchResponse, SearchResponses, Stored

__all__ = [
    "Call",
    "IsoglotFailed",
    "Kind",
    "Retries",
    "create",
    "delete",
    "embed",
    "headers",
    "search",
    "search_many",
    "set_merge",
    "switch_lexical",
    "upsert",
]

Kind = Literal["query", "passage"]

T = TypeVar("T")

_AGAIN = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}
_LONGEST_WAIT = 30.0


class IsoglotFailed(Exception):
    """The service answered with an error, or not at all. status: 0 when it did not answer; problem: what it said."""

    def __init__(self, status: int, problem: Problem) -> None:
        super().__init__(f"{status} {problem.code}: {problem.message}" if status else problem.message)
        self.status, self.problem = status, problem


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A request and the shape of its answer."""

    method: str
    path: str
    answer: type[T]
    body: Any = None

    def read(self, response: httpx.Response | httpx.TransportError) -> T:
        """The answer; raises IsoglotFailed."""
        if isinstance(response, httpx.TransportError):
            message = f"The service does not answer: {response!r}."
            raise IsoglotFailed(0, Problem(code="unreachable", message=message)) from response
        if response.is_success:
            return TypeAdapter(self.answer).validate_json(response.content)
        try:
            problem = Problem.model_validate_json(response.content)
        except ValidationError:  # a proxy's answer, not the service's
            problem = Problem(code="unknown", message=response.text[:500] or response.reason_phrase)
        raise IsoglotFailed(response.status_code, problem)


class Retries:
    """How often and after what wait a request is sent again."""

    def __init__(self, retries: int) -> None:
        self._left, self._backoff = retries, 0.25

    def wait(self, response: httpx.Response | httpx.TransportError) -> float | None:
        """Seconds until the next try; None when this was the last."""
        answer = response if isinstance(response, httpx.Response) else None
        if self._left <= 0 or (answer is not None and answer.status_code not in _AGAIN):
            return None
        self._left -= 1
        self._backoff *= 2
        told = answer.headers.get("retry-after", "") if answer is not None else ""
        # Spread out, so that clients turned away together do not come back together.
        wait = float(told) if told.isdigit() else self._backoff
        return min(_LONGEST_WAIT, wait * random.uniform(1.0, 1.25))  # noqa: S311


def headers(key: str | None) -> dict[str, str]:
    """What goes with every request. key: API key; None without one."""
    return {"authorization": f"Bearer {key}"} if key else {}


def search(query: str, k: int, options: Mapping[str, Any]) -> Call[SearchResponse]:
    """One question. options: the other fields of `SearchRequest`."""
    return Call("POST", "/search", SearchResponse, {"query": query, "k": k, **options})


def search_many(queries: Sequence[str], k: int, options: Mapping[str, Any]) -> Call[SearchResponses]:
    """Several questions in one request."""
    return Call("POST", "/search", SearchResponses, {"query": list(queries), "k": k, **options})


def embed(texts: Sequence[str], kind: Kind, dimensions: int | None) -> Call[EmbedResponse]:
    """Texts to vectors."""
    return Call("POST", "/embed", EmbedResponse, {"texts": list(texts), "kind": kind, "dimensions": dimensions})


def create(collection: str) -> Call[CollectionInfo]:
    """Make a collection."""
    return Call("PUT", _at(collection), CollectionInfo)


def switch_lexical(collection: str, on: bool) -> Call[LexicalInfo]:
    """Switch lexical search."""
    return Call("PUT", _at(collection, "/lexical"), LexicalInfo, {"on": on})


def set_merge(collection: str, merge: str | Mapping[str, Any] | None) -> Call[MergeInfo]:
    """Set a collection's merge rule."""
    return Call("PUT", _at(collection, "/merge"), MergeInfo, {"merge": merge})


def upsert(collection: str, passages: Iterable[Mapping[str, Any]]) -> Call[Stored]:
    """Store passages."""
    return Call("POST", _at(collection, "/passages"), Stored, [dict(passage) for passage in passages])


def delete(collection: str, passage: str | None) -> Call[Deleted]:
    """Delete a passage, or for None the collection."""
    return Call("DELETE", _at(collection, "" if passage is None else f"/passages/{quote(passage, safe='')}"), Deleted)


def _at(collection: str, rest: str = "") -> str:
    return f"/collections/{quote(collection, safe='')}{rest}"
