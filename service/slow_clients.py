"""A connection that will not be held open by a client that sends or takes its bytes too slowly.

uvicorn itself waits for ever: for the rest of a request, and for a client to take its answer.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["LEAST_BYTES_A_SECOND", "PatientProtocol"]

LEAST_BYTES_A_SECOND = 8192


class PatientProtocol(HttpToolsProtocol):
    """One connection, cut off when it makes no headway for `seconds`, which a subclass sets.

    A request must be complete after so long, and a second more for each `LEAST_BYTES_A_SECOND` that have come.
    """

    seconds: float

    _reading: asyncio.TimerHandle | None = None
    _writing: asyncio.TimerHandle | None = None
    _began = 0.0
    _come = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all clocks."""
        self._stop()
        if self._writing is not None:
            self._writing.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what has come."""
        self._come += len(data)
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Begin to wait for the rest of a request."""
        super().on_message_begin()
        self._begin()

    def on_message_complete(self) -> None:
        """Stop waiting: the request is here."""
        self._stop()
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Begin to wait for the client to take its answer."""
        super().pause_writing()
        self._writing = self.loop.call_later(self.seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop waiting: the client has taken enough of it."""
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None
        super().resume_writing()

    def _begin(self) -> None:
        self._stop()
        self._began, self._come = self.loop.time(), 0
        self._reading = self.loop.call_later(self.seconds, self._judge)

    def _stop(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _judge(self) -> None:
        # While the app itself has paused reading, the client is not to blame.
        left = self._began + self.seconds + self._come / LEAST_BYTES_A_SECOND - self.loop.time()
        if left <= 0 and not self._is_paused():
            self.transport.abort()
        else:
            self._reading = self.loop.call_later(max(left, 0.1), self._judge)

    def _is_paused(self) -> bool:
        flow: Any = self.flow
        return bool(flow.read_paused)
