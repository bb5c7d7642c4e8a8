"""Who may call what: decided from method and path, before a body is read."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from index.errors import IsoglotError
from service import problems
from service.keys import KeyRing
from service.keys import Scope as KeyScope
from service.refusals import Forbidden, Unauthorized
from service.request_facts import facts_of

__all__ = ["ASKING", "Access", "needed_scope"]

_OPEN = ("/page/", "/docs", "/docs-assets/", "/health/")
ASKING = frozenset({"/search", "/embed", "/v1/embeddings"})
"""What is asked by POST and changes nothing."""
_RANKS: dict[KeyScope, int] = {"read": 0, "write": 1, "admin": 2}


def needed_scope(method: str, path: str) -> KeyScope | None:
    """The scope a request needs; None for what is open to all: the page, the documentation, health.

    >>> needed_scope("GET", "/health/live"), needed_scope("POST", "/search"), needed_scope("DELETE", "/collections/a")
    (None, 'read', 'admin')
    """
    if path in ("/", "/openapi.json") or path.startswith(_OPEN):
        return None
    if method in ("GET", "HEAD", "OPTIONS") or path in ASKING:
        return "read"
    if path.startswith("/collections/") and "/passages" in path:
        return "write"
    return "admin"


class Access:
    """ASGI middleware: answers 401, 403 and 429 for requests their API key does not cover.

    Without any key there is nothing to check.
    """

    def __init__(self, app: ASGIApp, keys: KeyRing) -> None:
        self.app, self.keys = app, keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through or refuse it."""
        if scope["type"] != "http" or not self.keys:
            await self.app(scope, receive, send)
            return
        try:
            self._check(scope)
        except IsoglotError as error:
            await problems.answer(error, scope)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        needed = needed_scope(scope["method"], scope["path"])
        if needed is None:
            return
        kind, _, secret = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1").partition(" ")
        if kind.lower() != "bearer" or not secret:
            raise Unauthorized("An API key is needed: send the header 'Authorization: Bearer KEY'.")
        key = self.keys.find(secret.strip())
        facts_of(scope).key = key.name
        if _RANKS[key.scope] < _RANKS[needed]:
            raise Forbidden(
                f"The API key {key.name!r} has scope {key.scope!r}; this needs {needed!r}.",
                needed=needed,
                has=key.scope,
            )
        self.keys.spend(key)
