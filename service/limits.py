"""A limit on request bodies that holds whether or not the client tells the length."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.errors import TooLarge
from service.problems import problem

__all__ = ["BodyLimit"]


class BodyLimit:
    """ASGI middleware: answers 413 as soon as a body is known to be longer than `limit` bytes."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app, self.limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        told = dict(scope["headers"]).get(b"content-length", b"")
        if told.isdigit() and int(told) > self.limit:
            await self._refuse(scope, receive, send)
            return
        try:
            await self.app(scope, self._counting(receive), send)
        except _Overflow:
            await self._refuse(scope, receive, send)

    def _counting(self, receive: Receive) -> Receive:
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self.limit:
                raise _Overflow
            return message

        return counted

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = f"The body is larger than {self.limit:,} bytes (ISOGLOT_MAX_BODY_BYTES); send it in parts."
        await problem(413, TooLarge.code, message, {"limit": self.limit})(scope, receive, send)


class _Overflow(Exception):
    """A body without a length has grown past the limit."""
