"""A limit on request bodies that holds whether or not the client tells the length.

FastAPI's own `max_body_size` counts as well, but answers in plain text, outside the one
shape of errors.
"""

from __future__ import annotations

from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.errors import TooLarge
from service.problems import problem

__all__ = ["BodyLimit"]


class BodyLimit:
    """ASGI middleware: answers 413 as soon as a body is known to be longer than `limit` bytes."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app, self.limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, counting its body."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        told = dict(scope["headers"]).get(b"content-length", b"")
        if told.isdigit() and int(told) > self.limit:
            await self._refuse(scope, receive, send)
            return
        meter = _Meter(self.limit, receive, send)
        with suppress(_Overflow):
            await self.app(scope, meter.receive, meter.send)
        if meter.is_full:
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = f"The body is larger than {self.limit:,} bytes (ISOGLOT_MAX_BODY_BYTES); send it in parts."
        await problem(413, TooLarge.code, message, {"limit": self.limit})(scope, receive, send)


class _Meter:
    """Counts a body as it is read, and holds back what the app answers once it is too long.

    The app does answer then: FastAPI turns whatever goes wrong while reading into a 400.
    """

    def __init__(self, limit: int, receive: Receive, send: Send) -> None:
        self.left, self._receive, self._send = limit, receive, send

    @property
    def is_full(self) -> bool:
        """Whether the body has outgrown the limit."""
        return self.left < 0

    async def receive(self) -> Message:
        """Pass a part of the body on; raises _Overflow once there is too much."""
        message = await self._receive()
        self.left -= len(message.get("body", b""))
        if self.is_full:
            raise _Overflow
        return message

    async def send(self, message: Message) -> None:
        """Pass the app's answer on unless it is about half a body."""
        if not self.is_full:
            await self._send(message)


class _Overflow(Exception):
    """A body without a length has grown past the limit."""
