"""A connection that refuses what cannot be answered in time, before it costs anything.

An ordinary refusal passes all of the app, about as dear as a small answer: refused by the thousand, nothing is
left for what was accepted. This one is decided when a request is there, and is bytes made beforehand; the app
never hears of it. It is for `POST` of searches and embeddings alone; all else goes its ordinary way, health above
all, and so do requests that came before the one ahead of them was answered.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, MutableMapping
from typing import Any, cast

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT

from service.access import ASKING
from service.admission import Ticket
from service.door import CLOSE, Door
from service.metrics import Metrics
from service.plain_requests import PlainRequests
from service.request_facts import RequestFacts, facts_of
from service.settings import Settings
from service.slow_clients import PatientProtocol

__all__ = ["shedding_protocol"]

_PATHS = {path.encode(): path for path in ASKING}
_PLAIN = PlainRequests(ASKING)
_TICKET = "isoglot.ticket"


def shedding_protocol(settings: Settings, metrics: Metrics) -> type[PatientProtocol]:
    """The HTTP protocol for uvicorn that sheds load and cuts off slow clients; one for each service."""
    shared = {"seconds": settings.slow_client_seconds, "door": Door(settings, metrics)}
    return type("Shedding", (_Shedding,), shared)


class _Shedding(PatientProtocol):
    """One connection. door: shared by all of a service's."""

    door: Door

    _facts: RequestFacts
    _path: str | None = None
    """Of a request that may be refused."""
    _ticket: Ticket | None = None
    _body: list[bytes] | None = None
    """Of a request that is decided when all of it has come; None for others."""
    _refusal: bytes | None = None
    _is_amid = False
    """Whether a request has begun to come and has not come to its end."""
    _is_shed = False
    _is_held_back = False
    _last_shed = 0.0

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        app = self.app

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            """Run the app, and take the request out when it has ended, however it did."""
            try:
                await app(scope, receive, send)
            finally:
                ticket = scope.get(_TICKET)
                if ticket is not None:
                    self.door.admission.leave(ticket, facts_of(scope).status == 200)

        self.app = counted

    def data_received(self, data: bytes) -> None:
        """Read on; while requests are being refused, first see whether this is one that needs no parser for it."""
        if not self.door.is_refusing or self._is_amid or not self._is_unanswering():
            super().data_received(data)
            return
        plain = _PLAIN.read(data)
        ticket = Ticket(len(data))
        wait = None if plain is None else self.door.refusal(ticket, plain[1])
        if plain is None or wait is None:
            super().data_received(data)
            return
        if not self.transport.is_closing():
            path, headers = plain
            self.transport.write(self.door.refuse(_PATHS[path], wait, headers, self.server_state.default_headers))
            self._end()

    def on_message_begin(self) -> None:
        """Forget the request before."""
        super().on_message_begin()
        self._path = self._ticket = self._body = self._refusal = None
        self._is_amid, self._is_shed = True, False

    def on_headers_complete(self) -> None:
        """Let the request in, or refuse it; a short one is decided when its body is there too."""
        self._facts = RequestFacts()
        path = _PATHS.get(self.url.partition(b"?")[0])
        is_plain = self._is_unanswering() and not self.parser.should_upgrade()
        if path is None or self.parser.get_method() != b"POST" or not is_plain:
            self._start()
            return
        headers = dict(self.headers)
        told = headers.get(b"content-length", b"0")
        length = int(told) if told.isdigit() and b"transfer-encoding" not in headers else None
        self._path, self._ticket = path, Ticket(length)
        if length is not None and length <= HIGH_WATER_LIMIT and not self.expect_100_continue:
            self._body = []
        else:
            self._decide(headers)

    def on_body(self, body: bytes) -> None:
        """Take a part of the body; one that is refused is thrown away."""
        if self._body is not None:
            self._body.append(body)
        elif not self._is_shed:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Decide, or end what was refused; the deadline of what is let in begins now."""
        self._is_amid, self._facts.read = False, time.monotonic()
        if self._body is not None:
            parts, self._body = self._body, None
            self._decide(dict(self.headers))
            for part in parts:
                self.on_body(part)
        if self._is_shed:
            self._answer()
            self._end()
            return
        if self._ticket is not None:
            self.door.admission.enter(self._ticket)
        super().on_message_complete()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection; after a refusal the clock still runs that ran before it."""
        left = self._last_shed + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()

    def resume_writing(self) -> None:
        """Read on: the client has taken its answers."""
        super().resume_writing()
        if self._is_held_back:
            self._is_held_back = False
            self.flow.resume_reading()

    def _is_unanswering(self) -> bool:
        """Whether nothing before is unanswered, so that an answer may go out at once."""
        return self.cycle is None or self.cycle.response_complete

    def _start(self) -> None:
        """Hand the request to the app."""
        cast(MutableMapping[str, Any], self.scope)["isoglot"] = self._facts
        super().on_headers_complete()

    def _decide(self, headers: Mapping[bytes, bytes]) -> None:
        assert self._path is not None and self._ticket is not None
        wait = self.door.refusal(self._ticket, headers)
        if wait is None:
            cast(MutableMapping[str, Any], self.scope)[_TICKET] = self._ticket
            self._start()
            return
        is_kept = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        # Who waited to be asked for the body need not send it after all: nobody could tell where the next
        # request begins.
        is_kept = is_kept and not self.expect_100_continue
        self._is_shed = True
        self._refusal = self.door.refuse(self._path, wait, headers, self.server_state.default_headers, is_kept)
        # Closing with bytes unread may reset the connection, and lose the answer on its way.
        if self.expect_100_continue or is_kept:
            self._answer()

    def _answer(self) -> None:
        """Send the refusal unless that is done."""
        if self._refusal is not None and not self.transport.is_closing():
            self.transport.write(self._refusal)
            if CLOSE in self._refusal:
                self.transport.close()
        self._refusal = None

    def _end(self) -> None:
        """All of a refused request has come."""
        self._stop()
        self._last_shed = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.on_response_complete()
        if self.flow.write_paused:
            # Who sends and does not read would fill the memory with refusals.
            self._is_held_back = True
            self.flow.pause_reading()
