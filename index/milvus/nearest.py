"""From what Milvus finds to hits that obey: what its filters let through is not taken on trust."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from pymilvus import MilvusClient

from index.answer import Found, Hit
from index.filters import matches
from index.milvus.expressions import expression
from index.milvus.schema import PASSAGE_FIELDS, passage_of
from index.milvus.server import TIMEOUT
from index.question import Scope

__all__ = ["LEAST_EF", "MAX_FOUND", "ask", "nearest", "nearest_and_behind"]

MAX_FOUND = 16_384
"""Most hits Milvus gives one query."""

LEAST_EF = 200
"""Candidates HNSW keeps while it searches, at least; twice the hits asked for where that is more."""

_HITS_AT_ONCE = 4000
_WIDER = 4

Ask = Callable[[np.ndarray, Scope, int], list[list[Any]]]
"""Queries, scope and limit → for each query its rows with `score`, best first, at most the limit."""


def ask(client: MilvusClient, stored: str, queries: np.ndarray, scope: Scope, limit: int) -> list[list[Any]]:
    """Rows with `score` for each query, best first, as Milvus finds them."""
    answers = client.search(
        stored,
        data=list(queries),
        filter=expression(scope),
        limit=limit,
        output_fields=PASSAGE_FIELDS,
        search_params={"params": {"ef": max(LEAST_EF, 2 * limit)}},
        consistency_level="Strong",
        timeout=TIMEOUT,
    )
    return [[{**hit["entity"], "id": hit["id"], "score": hit["distance"]} for hit in answer] for answer in answers]


def nearest(ask: Ask, queries: np.ndarray, scope: Scope) -> list[list[Hit]]:
    """For each query, (n, dim) float32, the k nearest passages that obey the scope, best first."""
    size = max(1, _HITS_AT_ONCE // scope.k)
    return [
        hits for start in range(0, len(queries), size) for hits in _nearest(ask, queries[start : start + size], scope)
    ]


def nearest_and_behind(ask: Ask, queries: np.ndarray, scope: Scope) -> list[Found]:
    """The same with up to three times as many behind the hits; no more than Milvus gives one query."""
    wider = Scope(min(_WIDER * scope.k, MAX_FOUND), scope.languages, scope.where)
    return [
        Found(hits[: scope.k], [hit.score for hit in hits], [hit.passage.language for hit in hits])
        for hits in nearest(ask, queries, wider)
    ]


def _nearest(ask: Ask, queries: np.ndarray, scope: Scope) -> list[list[Hit]]:
    found: list[list[Hit]] = [[] for _ in queries]
    short, limit = list(range(len(queries))), scope.k
    while short:
        still_short = []
        for row, answer in zip(short, ask(queries[short], scope, limit), strict=True):
            hits = _obeying(answer, scope)
            found[row] = hits[: scope.k]
            # Some that were let through do not fit: look further down, if there is more.
            if len(hits) < scope.k and len(answer) >= limit and limit < MAX_FOUND:
                still_short.append(row)
        short, limit = still_short, min(4 * limit, MAX_FOUND)
    return found


def _obeying(answer: Iterable[Any], scope: Scope) -> list[Hit]:
    hits = [Hit(passage_of(row), round(float(row["score"]), 6)) for row in answer]
    fit = [
        hit
        for hit in hits
        if (scope.languages is None or hit.passage.language in scope.languages)
        and matches(hit.passage.metadata, scope.where)
    ]
    return sorted(fit, key=lambda hit: (-hit.score, hit.passage.id))
