"""Who is let in while more comes than can be done: the whole policy, decided before a request costs anything.

- What is in flight is weighed: its bytes, and as many again as what every request costs beside its texts. The
  weight answered in a second of work is measured all the time, so that weight in flight becomes a wait.
- A request is let in when what is in flight and it itself take at most half its deadline: the estimate may be
  wrong by two, and the request is answered in time all the same.
- A queue is for bursts. Once one has stood for some seconds, more comes than can be done, and waiting helps nobody:
  until it has shrunk to half of `standing`, a request finds at most `standing` seconds of work before it. Not so
  with few in flight: clients that ask again when they are answered make a queue that does not grow.
  (The idea is CoDel's: K. Nichols, V. Jacobson, Controlling Queue Delay, ACM Queue 10(5), 2012.)
- As many as there are cores are always let in, so that the speed is measured anew when all has changed; never more
  than `most`.

All is called on the event loop; nothing is locked.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from index.threads import cores

__all__ = ["Admission", "Ticket"]

_REQUEST = 512
"""Bytes of text that cost about as much as a request's way in and out."""
_DEADLINE_SHARE = 0.5
_BURST = 5.0
"""Seconds a queue may stand before it is kept short: enough for a burst, or for a thread that was held up."""
_FEW = 64
"""Requests in flight that are no overload for as long as they keep their deadlines."""
_MEMORY = 2.0
"""Seconds of work after which what was measured counts 1/e."""
_KNOWN_AFTER = 0.02
_KNOWN_IDLE_AFTER = 1.0
"""Seconds of work before the measure is believed, once something was answered, and while nothing was."""


class Ticket:
    """A request that was let in. length: bytes of its body; None when it has not told."""

    __slots__ = ("is_in", "is_over", "weight")

    def __init__(self, length: int | None) -> None:
        self.weight = _REQUEST + (length or 0)
        self.is_in = self.is_over = False


class Admission:
    """The requests in flight, and how fast they are answered.

    standing: seconds of work a request may find before it while a queue stands. most: requests in flight. always:
    requests let in whatever they wait; None is one for each core. clock: seconds.
    """

    def __init__(
        self, standing: float, most: int, always: int | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.standing, self.most, self.always = standing, most, always or cores()
        self.count = self.weight = 0
        self._clock = clock
        self._last = self._calm = clock()
        self._done = self._busy = 0.0

    def wait(self) -> float:
        """Seconds that what is in flight takes, at the speed measured; 0 while that is not known."""
        self._pass()
        return self.weight * self._pace()

    def refusal(self, ticket: Ticket, seconds: float) -> float | None:
        """Seconds after which to come again; None lets the request in. seconds: its deadline, from now on."""
        wait, now = self.wait(), self._last
        if wait <= self.standing / 2:
            self._calm = now
        if self.count >= self.most:
            return wait
        if self.count < self.always:
            return None
        if wait + ticket.weight * self._pace() > _DEADLINE_SHARE * seconds:
            return wait
        is_standing = now - self._calm > _BURST and self.count >= _FEW
        return wait if is_standing and wait > self.standing else None

    def enter(self, ticket: Ticket) -> None:
        """Count a request whose last byte has been read; one that is over already is not counted."""
        if not ticket.is_over and not ticket.is_in:
            self._pass()
            ticket.is_in = True
            self.count += 1
            self.weight += ticket.weight

    def leave(self, ticket: Ticket, is_done: bool) -> None:
        """Take a request out. is_done: whether it was worked on to the end, which is what speed is measured by."""
        ticket.is_over = True
        if ticket.is_in:
            self._pass()
            ticket.is_in = False
            self.count -= 1
            self.weight -= ticket.weight
            self._done += ticket.weight if is_done else 0

    def _pace(self) -> float:
        """Seconds a unit of weight takes; one request more than was seen, so that none seen is not for ever."""
        needed = _KNOWN_AFTER if self._done >= _REQUEST else _KNOWN_IDLE_AFTER
        return self._busy / (self._done + _REQUEST) if self._busy > needed else 0.0

    def _pass(self) -> None:
        """Let time pass; that in which nothing is in flight says nothing about speed."""
        now = self._clock()
        if self.count:
            elapsed = now - self._last
            kept = math.exp(-elapsed / _MEMORY)
            self._busy = self._busy * kept + elapsed
            self._done *= kept
        self._last = now
