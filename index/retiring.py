"""A collection that has been replaced, closed when the last request that uses it has let go.

Searches that began before a changeover end on the version they began with. Nobody counts them: the
collection's own life does, and when it ends its index is closed, in a thread of its own.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable

from index.collection import Collection

__all__ = ["Retired"]

_PATIENCE = 30.0
"""Seconds to wait for an index that is being closed."""


class Retired:
    """A collection out of use. then: called once it is closed."""

    def __init__(self, collection: Collection, then: Callable[[], None]) -> None:
        self._collection, self._index, self._then = weakref.ref(collection), collection.index, then
        self._lock, self._closed = threading.Lock(), threading.Event()
        self._end = weakref.finalize(collection, self._let_go)
        self._end.atexit = False

    def _let_go(self) -> None:
        threading.Thread(target=self.close, name="closing", daemon=True).start()

    def close(self) -> None:
        """Close the index, whoever may hold the collection still."""
        with self._lock:
            self._end.detach()
            if not self._closed.is_set():
                self._index.close()
                self._then()
                self._closed.set()

    def revive(self) -> Collection | None:
        """The collection, in use again; None when it is closed, which may have to be waited for."""
        collection = self._collection()
        if collection is not None and self._end.detach() is not None:
            collection.gate.move(has_moved=False)
            return collection
        self._closed.wait(_PATIENCE)
        return None
