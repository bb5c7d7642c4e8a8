"""A whole request of the plainest form, recognised without a parser.

A parser calls back for every header, which is most of what a refusal costs. Whatever is not one complete POST with
ordinary header lines and a told length, in one piece, is left to the parser: nothing is guessed here, because two
readings of one request are how requests are smuggled past proxies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["PlainRequests"]

_HEADERS = re.compile(rb"([\w-]+): ?([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)\r\n", re.ASCII)
_LINES = rb"((?:[A-Za-z0-9-]+: ?[\x21-\x7e][\x20-\x7e]*\r\n)+)\r\n"
_TOLD_OTHERWISE = frozenset([b"transfer-encoding", b"expect", b"connection", b"upgrade"])
"""Headers that change where a request ends or what becomes of its connection."""


class PlainRequests:
    """Recognises POST requests of some paths."""

    def __init__(self, paths: Iterable[str]) -> None:
        named = b"|".join(re.escape(path.encode()) for path in paths)
        self._head = re.compile(rb"POST (%b) HTTP/1\.1\r\n%b" % (named, _LINES))

    def read(self, data: bytes) -> tuple[bytes, dict[bytes, bytes]] | None:
        """Path and headers (lower-case names) when `data` is such a request and nothing more; else None."""
        head = self._head.match(data)
        if head is None:
            return None
        lines = _HEADERS.findall(head[2])
        headers = {name.lower(): value for name, value in lines}
        told = headers.get(b"content-length", b"")
        is_plain = (
            len(headers) == len(lines) == head[2].count(b"\n")
            and told.isdigit()
            and len(told) < 10
            and head.end() + int(told) == len(data)
            and b"host" in headers
            and headers.keys().isdisjoint(_TOLD_OTHERWISE)
        )
        return (head[1], headers) if is_plain else None
