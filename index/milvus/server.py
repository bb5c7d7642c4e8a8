"""A Milvus server: the connection, and its errors in Isoglot's tree."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from pymilvus import MilvusClient
from pymilvus.exceptions import MilvusException

from index.errors import InvalidInput, NotFound, StorageUnavailable

__all__ = ["TIMEOUT", "Address", "connect", "told"]

TIMEOUT = 60.0
"""Seconds a request may take."""

# pymilvus pings an idle connection every ten seconds, and gRPC servers that were not told to bear it hang up
# after a few; requests have time limits of their own.
_CALM = {"grpc.keepalive_time_ms": 300_000, "grpc.keepalive_permit_without_calls": 0}

_NO_COLLECTION = 100
_SCHEMES = {"milvus": "http", "milvus+https": "https"}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a Milvus is: its URI as pymilvus takes it, and the database; "" means the default one."""

    uri: str
    database: str = ""

    @classmethod
    def parse(cls, url: str) -> Address:
        """Read `milvus://host:19530[/database]`, or `milvus+https://…` for TLS; raises InvalidInput.

        >>> Address.parse("milvus://search.internal/library")
        Address(uri='http://search.internal:19530', database='library')
        """
        try:
            parts = urlsplit(url)
            port = parts.port or 19530
        except ValueError as error:
            raise InvalidInput(f"{_shown(url)!r} is no address of a Milvus: {error}.") from error
        database = parts.path.strip("/")
        if parts.scheme not in _SCHEMES or not parts.hostname or "/" in database or parts.query or parts.fragment:
            raise InvalidInput(
                f"{_shown(url)!r} is no address of a Milvus; use milvus://host:19530 or milvus://host:19530/database "
                "(milvus+https:// for TLS)."
            )
        if parts.username or parts.password:
            raise InvalidInput(
                "An address holds no password, since it is shown; set ISOGLOT_MILVUS_TOKEN to user:password."
            )
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return cls(f"{_SCHEMES[parts.scheme]}://{host}:{port}", database)


def _shown(url: str) -> str:
    return url.rpartition("@")[2][:80]


def connect(address: Address, token: str | None = None) -> MilvusClient:
    """A client of its own connection; raises StorageUnavailable when nothing answers there."""
    # It logs each error with its traceback although it raises it, and ours says what is needed.
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
    with told(address):
        return MilvusClient(
            uri=address.uri,
            db_name=address.database,
            token=token or "",
            timeout=10.0,
            dedicated=True,
            grpc_options=_CALM,
        )


@contextmanager
def told(address: Address, collection: str | None = None) -> Iterator[None]:
    """Turn what pymilvus raises into Isoglot's errors.

    collection: the name to tell when the collection is gone.
    """
    try:
        yield
    except MilvusException as error:
        if error.code == _NO_COLLECTION and collection is not None:
            raise NotFound(f"There is no collection {collection!r} any more.", collection=collection) from error
        raise StorageUnavailable(
            f"Milvus at {address.uri} did not do what was asked: {str(error.message)[:300]}. Check that it runs, that "
            "it is reachable and that it has room, then send the request again.",
            address=address.uri,
        ) from error
