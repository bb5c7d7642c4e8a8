"""Limits that hold before a request is understood: its body's size, and what is held at one time.

FastAPI's own `max_body_size` counts as well, but answers in plain text, outside the one
shape of errors.
"""

from __future__ import annotations

from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.errors import IsoglotError, TooLarge
from service import problems
from service.refusals import Overloaded

__all__ = ["BodyLimit", "InFlight"]


class InFlight:
    """ASGI middleware: answers 429 while `limit` requests are being worked on, before any of theirs is read.

    Health is asked all the same, so that a busy service is not taken for a dead one.
    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app, self.limit, self.count = app, limit, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through unless there are too many."""
        if scope["type"] != "http" or scope["path"].startswith("/health/"):
            await self.app(scope, receive, send)
        elif self.count >= self.limit:
            message = f"{self.limit:,} requests are being worked on and no more may be (ISOGLOT_MAX_REQUESTS)."
            await problems.answer(Overloaded(message, 1, limit=self.limit), scope)(scope, receive, send)
        else:
            self.count += 1
            try:
                await self.app(scope, receive, send)
            finally:
                self.count -= 1


class BodyLimit:
    """ASGI middleware: answers 413 as soon as a body is known to be longer than `limit` bytes, and 429 when the
    bodies of all requests together are more than `held` bytes.
    """

    def __init__(self, app: ASGIApp, limit: int, held: int) -> None:
        self.app, self.limit, self.room = app, limit, held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, counting its body."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        meter = _Meter(self, receive, send)
        told = dict(scope["headers"]).get(b"content-length", b"")
        try:
            # What is told is checked before any of it is read.
            if told.isdigit():
                self.require(int(told), 0)
            with suppress(_Overflow):
                await self.app(scope, meter.receive, meter.send)
            if meter.fault is not None:
                raise meter.fault
        except (TooLarge, Overloaded) as error:
            await problems.answer(error, scope)(scope, receive, send)
        finally:
            self.room += meter.size

    def require(self, size: int, more: int) -> None:
        """Raise TooLarge for a body of `size` bytes, Overloaded when `more` (or all of it) finds no room."""
        if size > self.limit:
            raise TooLarge(
                f"The body is larger than {self.limit:,} bytes (ISOGLOT_MAX_BODY_BYTES); send it in parts.",
                limit=self.limit,
            )
        if (more or size) > self.room:
            raise Overloaded("Too many bytes are being worked on (ISOGLOT_MAX_HELD_BYTES); try again later.", 1)


class _Meter:
    """Counts a body as it is read, and holds back what the app answers once a limit is passed.

    The app does answer then: FastAPI turns whatever goes wrong while reading into a 400.
    """

    def __init__(self, limits: BodyLimit, receive: Receive, send: Send) -> None:
        self.size = 0
        self.fault: IsoglotError | None = None
        self._limits, self._receive, self._send = limits, receive, send

    async def receive(self) -> Message:
        """Pass a part of the body on; raises _Overflow once there is too much."""
        message = await self._receive()
        if part := len(message.get("body", b"")):
            try:
                self._limits.require(self.size + part, part)
            except IsoglotError as fault:
                self.fault = fault
                raise _Overflow from fault
            self.size += part
            self._limits.room -= part
        return message

    async def send(self, message: Message) -> None:
        """Pass the app's answer on unless it is about half a body."""
        if self.fault is None:
            await self._send(message)


class _Overflow(Exception):
    """A body has grown past a limit."""
