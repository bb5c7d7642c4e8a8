"""API keys: who may do what, and how often.

A key is 32 random bytes, so one round of SHA-256 keeps it: slow hashes protect passwords people choose.
Only the hash is kept:

    {"name": "web", "scope": "read", "sha256": "…", "per_minute": 600}

one such JSON object a line in a file (ISOGLOT_KEYS_FILE), or a JSON list of them (ISOGLOT_KEYS).
`isoglot keys` makes one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from index.errors import InvalidInput
from index.faults import faults_told
from service.refusals import TooManyRequests, Unauthorized
from service.scopes import Scope

__all__ = ["ApiKey", "KeyRing", "Scope", "make_key", "read_keys"]

_PREFIX = "isoglot-"


class ApiKey(BaseModel):
    """What is kept of a key. per_minute: requests it may make; None takes ISOGLOT_REQUESTS_PER_MINUTE."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[\w.-]{1,64}$")
    scope: Scope
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    per_minute: int | None = Field(None, ge=1)


def make_key(name: str, scope: Scope, per_minute: int | None = None) -> tuple[str, ApiKey]:
    """A new key and what to keep of it; the key itself is told once. Raises InvalidInput for a name that is none."""
    secret = _PREFIX + secrets.token_urlsafe(32)
    try:
        return secret, ApiKey(name=name, scope=scope, sha256=_hash(secret), per_minute=per_minute)
    except ValidationError as error:
        raise InvalidInput(
            f"{name[:80]!r} cannot be a key's name; use up to 64 letters, digits, '.', '-' and '_'.", given=name[:80]
        ) from error


def read_keys(path: Path) -> list[ApiKey]:
    """The keys of a file; raises InvalidInput naming the line at fault."""
    keys: list[ApiKey] = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise InvalidInput(
            f"The file of keys {path} cannot be read: {error}. `isoglot keys NAME --scope read` makes one."
        ) from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                keys.append(ApiKey.model_validate_json(line))
            except ValidationError as error:
                told = faults_told(error, "line")
                raise InvalidInput(f"{path}, line {number}: {told}. Make lines with `isoglot keys`.") from error
    return keys


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


class KeyRing:
    """All keys of a service. per_minute: for keys that do not say theirs; None means no limit."""

    def __init__(self, keys: Sequence[ApiKey], per_minute: int | None = None) -> None:
        if len({key.name for key in keys}) < len(keys):
            raise InvalidInput("Two API keys have the same name; give each its own, the log tells them apart by it.")
        self._keys = keys
        self._rates = {key.name: _Rate(key.per_minute or per_minute) for key in keys}

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, secret: str) -> ApiKey:
        """The key whose secret this is; raises Unauthorized. Takes as long for every secret."""
        given, found = _hash(secret), None
        for key in self._keys:
            found = key if hmac.compare_digest(key.sha256, given) else found
        if found is None:
            raise Unauthorized("The API key is not known here; ask who runs the service for one.")
        return found

    def spend(self, key: ApiKey) -> None:
        """Count a request against a key's rate; raises TooManyRequests."""
        wait = self._rates[key.name].wait(time.monotonic())
        if wait > 0:
            raise TooManyRequests(f"The API key {key.name!r} has made all the requests it may; try again later.", wait)


class _Rate:
    """The generic cell rate algorithm (ITU-T I.371): a minute's requests at once, then evenly spaced."""

    def __init__(self, per_minute: int | None) -> None:
        self._interval = 60 / per_minute if per_minute else 0.0
        self._next = 0.0

    def wait(self, now: float) -> float:
        """Seconds until a request is allowed; 0 counts it."""
        expected = max(self._next, now) + self._interval
        if expected - now > 60:
            return expected - now - 60
        self._next = expected
        return 0.0
