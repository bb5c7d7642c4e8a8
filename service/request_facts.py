"""What is noted about a request on its way, for its log line and its metrics."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["LONGEST_TIMEOUT", "RequestFacts", "facts_of", "request_id"]

LONGEST_TIMEOUT = 86_400
"""Seconds that `X-Timeout-Seconds` may be."""

_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)


@dataclass(slots=True)
class RequestFacts:
    """One request.

    began: when its head was read, read: when the last of it was, both on `time.monotonic`'s clock; None where
    the server does not tell. id: sent back as `X-Request-Id`. key: name of the API key; None without one.
    status: answered; None before that. code: of the error answered; None on success. texts: what was asked,
    noted only when ISOGLOT_LOG_TEXTS is on.
    """

    began: float = field(default_factory=time.monotonic)
    read: float | None = None

    id: str = ""
    key: str | None = None
    status: int | None = None
    code: str | None = None
    texts: list[str] = field(default_factory=list)


def facts_of(scope: MutableMapping[str, Any]) -> RequestFacts:
    """The facts of a request, by its ASGI scope; begun when there are none."""
    facts = scope.get("isoglot")
    if not isinstance(facts, RequestFacts):
        facts = scope["isoglot"] = RequestFacts()
    return facts


def request_id(given: str) -> str:
    """The id the client gave, if it can stand in a log; else a new one."""
    return given if _ID.fullmatch(given) else secrets.token_hex(8)
