"""What the service answers when it will not do what was asked: errors beside those of `index/errors.py`.

IsoglotError
├── Unauthorized        no key, or one that is not known
├── Forbidden           a key without the scope
├── TooManyRequests     more than the key's rate
├── Overloaded          more is waiting than can be answered in time
├── DeadlineExceeded    not answered in time
├── WorkerStopped       a thread that encodes or searches has ended
└── ClientGone          nobody waits for the answer
"""

from __future__ import annotations

import math
from typing import Any

from index.errors import IsoglotError

__all__ = [
    "ClientGone",
    "DeadlineExceeded",
    "Forbidden",
    "Overloaded",
    "TooManyRequests",
    "TryLater",
    "Unauthorized",
    "WorkerStopped",
]


class Unauthorized(IsoglotError):
    """The request brings no API key, or one that is not known."""

    code = "unauthorized"


class Forbidden(IsoglotError):
    """The API key does not allow this."""

    code = "forbidden"


class TryLater(IsoglotError):
    """The same request may succeed after `seconds`, which becomes the header `Retry-After`."""

    def __init__(self, message: str, seconds: float, **detail: Any) -> None:
        self.retry_after = max(1, math.ceil(seconds))
        super().__init__(message, retry_after=self.retry_after, **detail)


class TooManyRequests(TryLater):
    """The API key has used up its rate."""

    code = "too_many_requests"


class Overloaded(TryLater):
    """More is waiting than memory or time allow; nothing of the request was done."""

    code = "overloaded"


class DeadlineExceeded(TryLater):
    """The request was accepted but not answered before its deadline."""

    code = "deadline_exceeded"


class WorkerStopped(IsoglotError):
    """A thread the service cannot work without has ended; readiness says so, and a restart mends it."""

    code = "worker_stopped"


class ClientGone(IsoglotError):
    """The client has closed its connection; what it asked for is not done."""

    code = "client_gone"
