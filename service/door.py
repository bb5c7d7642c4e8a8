"""What the connections of one service share: who is in, what a refusal looks like, and how many were refused."""

from __future__ import annotations

import asyncio
import functools
import logging
import math
from collections.abc import Mapping, Sequence

from service import problems
from service.admission import Admission, Ticket
from service.metrics import Metrics
from service.observing import HEADERS
from service.refusals import Overloaded
from service.request_facts import LONGEST_TIMEOUT, request_id
from service.settings import Settings

__all__ = ["CLOSE", "EXPOSED", "Door"]

EXPOSED = ("retry-after", "x-request-id", "x-truncated")
"""Headers that pages of other origins may read, where any may call."""

CLOSE = b"connection: close\r\n"

_STATUS = b"HTTP/1.1 429 Too Many Requests\r\n"
_TELL_EVERY = 1.0
_LONGEST_TOLD = 60

_log = logging.getLogger("isoglot.shedding")


class Door:
    """Lets requests in, or answers for them. All is called on the event loop."""

    def __init__(self, settings: Settings, metrics: Metrics, admission: Admission | None = None) -> None:
        self.admission = admission or Admission(settings.queue_seconds, settings.max_requests)
        self._deadline, self._metrics = settings.deadline_seconds, metrics
        self._origins = {origin.encode() for origin in settings.cors_origins}
        self.is_refusing = False
        """Whether the request that came last was refused."""
        self._untold = 0

    def refusal(self, ticket: Ticket, headers: Mapping[bytes, bytes]) -> float | None:
        """Seconds after which the request may come again; None lets it in. headers: lower-case."""
        wait = self.admission.refusal(ticket, min(self._deadline, _timeout(headers) or self._deadline))
        self.is_refusing = wait is not None
        return wait

    def refuse(
        self,
        path: str,
        wait: float,
        headers: Mapping[bytes, bytes],
        default: Sequence[tuple[bytes, bytes]],
        is_kept: bool = True,
    ) -> bytes:
        """Count a refusal, and give the answer: an ordinary refusal's, made of the same parts.

        default: headers of every answer. is_kept: whether the connection stays open.
        """
        self._metrics.shed(path, Overloaded.code)
        if not self._untold:
            asyncio.get_running_loop().call_later(_TELL_EVERY, self._tell)
        self._untold += 1
        head, body = _parts(min(_LONGEST_TOLD, math.ceil(wait)))
        given = request_id(headers.get(b"x-request-id", b"").decode("latin-1")).encode()
        shared = self._shared(headers) if self._origins else b""
        more = b"" if is_kept else CLOSE
        return b"%b%b%b%bx-request-id: %b\r\n%b\r\n%b" % (_STATUS, _lines(default), more, head, given, shared, body)

    def _shared(self, headers: Mapping[bytes, bytes]) -> bytes:
        """What lets a page of another origin read the answer; empty where it may not."""
        origin = headers.get(b"origin")
        if origin is None or not self._origins & {origin, b"*"}:
            return b""
        allowed = b"*" if b"*" in self._origins else origin
        names = ", ".join(EXPOSED).encode()
        return b"access-control-allow-origin: %b\r\naccess-control-expose-headers: %b\r\nvary: Origin\r\n" % (
            allowed,
            names,
        )

    def _tell(self) -> None:
        # One line for all: a line each would cost more than refusing does.
        wait = round(self.admission.wait(), 2)
        _log.warning("shed", extra={"count": self._untold, "in_flight": self.admission.count, "wait_seconds": wait})
        self._untold = 0


@functools.lru_cache(maxsize=_LONGEST_TOLD + 1)
def _parts(seconds: int) -> tuple[bytes, bytes]:
    message = (
        "What is being worked on already is more than this request's deadline, ISOGLOT_QUEUE_SECONDS or "
        "ISOGLOT_MAX_REQUESTS allow; nothing of it was done. Try again later."
    )
    response = problems.answer(Overloaded(message, seconds), {})
    return _lines([*response.raw_headers, *HEADERS]), bytes(response.body)


def _lines(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    return b"".join([b"%b: %b\r\n" % header for header in headers])


def _timeout(headers: Mapping[bytes, bytes]) -> float | None:
    """What the client grants; None where it says nothing, or what its route will refuse."""
    try:
        seconds = float(headers[b"x-timeout-seconds"])
    except (KeyError, ValueError):
        return None
    return seconds if 0 < seconds <= LONGEST_TIMEOUT else None
