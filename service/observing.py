"""Around every request: an id, a log line, metrics, a span, and headers that keep browsers careful."""

from __future__ import annotations

import logging
import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.engine import Engine
from service.refusals import DeadlineExceeded
from service.request_facts import RequestFacts, facts_of, request_id

__all__ = ["HEADERS", "Observe"]

_log = logging.getLogger("isoglot.request")

HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
"""Of every answer; they keep browsers careful."""


class Observe:
    """ASGI middleware, outermost: sees every answer, refusals too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request and note what happened."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        engine: Engine = scope["app"].state.engine
        facts = facts_of(scope)
        facts.id = request_id(headers.get("x-request-id", ""))

        async def noting(message: Message) -> None:
            """Remember the status, and add headers."""
            if message["type"] == "http.response.start":
                facts.status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", facts.id.encode()), *HEADERS]
            await send(message)

        with (
            structlog.contextvars.bound_contextvars(request_id=facts.id),
            engine.tracer.request(f"{scope['method']} {scope['path']}", headers),
        ):
            try:
                await self.app(scope, receive, noting)
            finally:
                _note(engine, scope, facts, time.monotonic() - facts.began)


def _note(engine: Engine, scope: Scope, facts: RequestFacts, seconds: float) -> None:
    route = getattr(scope.get("route"), "path", None) or "other"
    # Nothing was answered: the client went, or the server broke off.
    status = facts.status or 499
    engine.metrics.answered(route, scope["method"], status, seconds, facts.code)
    if status >= 500 and facts.code != DeadlineExceeded.code:
        engine.note_fault()
    level = logging.ERROR if status >= 500 else logging.INFO
    if _log.isEnabledFor(level):
        told = {"method": scope["method"], "path": scope["path"], "status": status, "ms": round(1000 * seconds, 2)}
        named = {"key": facts.key, "code": facts.code, "texts": facts.texts or None}
        _log.log(level, "request", extra=told | {name: value for name, value in named.items() if value is not None})
