"""Reading all of a Milvus collection in order of id."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from index.backend import Block
from index.errors import DamagedCollection, StorageUnavailable
from index.milvus.expressions import quoted
from index.milvus.schema import PASSAGE_FIELDS, passage_of

__all__ = ["blocks", "scan"]

Query = Callable[..., list[Any]]
"""An expression, fields and options → rows."""


def scan(
    query: Query, is_there: Callable[[], bool], name: str, after: str | None = None, size: int = 1000
) -> Iterator[Block]:
    """Yield all passages with vectors in blocks, in order of id; not frozen against writes meanwhile.

    is_there: whether Milvus has the collection at all. Raises DamagedCollection when they come out of order.
    """
    while rows := _page(query, is_there, after or "", size):
        passages = [passage_of(row) for row in rows]
        ids = [after or "", *(passage.id for passage in passages)]
        if any(first >= second for first, second in pairwise(ids)):
            raise DamagedCollection(f"Milvus gave the passages of {name!r} out of order.", collection=name)
        yield Block(passages, np.array([row["vector"] for row in rows], dtype=np.float32))
        after = passages[-1].id


def _page(query: Query, is_there: Callable[[], bool], after: str, size: int) -> list[Any]:
    """The next passages; fewer when so many long ones do not fit into one answer."""
    while True:
        try:
            return query(
                f"id > {quoted(after)}",
                [*PASSAGE_FIELDS, "vector"],
                limit=size,
                iterator="True",
                reduce_stop_for_best=True,
            )
        except StorageUnavailable:
            if size == 1 or not is_there():
                raise
            size //= 2


def blocks(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Yield items in runs of a size."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
