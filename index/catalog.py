"""The collections of one place, opened when first asked for."""

from __future__ import annotations

import re
import threading
from collections.abc import Collection as Collected
from pathlib import Path

from index.collection import Collection, making_of
from index.demo import demo_passages
from index.encoder import Encoder
from index.errors import EncoderMismatch, InvalidInput, IsoglotError, NotFound
from index.passages import Passage
from index.places import LocalPlace, Place
from index.reranker import Reranker

__all__ = ["DEMO", "Catalog", "collection_name"]

DEMO = "demo"
"""Name of the demo collection."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def collection_name(name: str) -> str:
    """Check a collection's name; raises InvalidInput. A checked name is safe as a folder's."""
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            f"{name[:80]!r} is no collection name; use 1 to 63 lower-case letters, digits, '-' and '_', "
            "beginning with a letter or digit.",
            given=name[:80],
        )
    return name


class Catalog:
    """Opens, makes and deletes collections that share an encoder.

    place: where they are (`index/places.py`); a folder holds one folder per collection.
    read_only: never makes or changes any. allowed: closed list of languages for detection; None means any.
    reranker: for questions that ask for one; None refuses them.
    """

    def __init__(
        self,
        place: Place | Path,
        encoder: Encoder,
        read_only: bool = False,
        allowed: Collected[str] | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        self.place = LocalPlace(place) if isinstance(place, Path) else place
        self.encoder, self.read_only, self.allowed, self.reranker = encoder, read_only, allowed, reranker
        self._open: dict[str, Collection] = {}
        self._lock = threading.RLock()

    def names(self) -> list[str]:
        """Names of the collections there are."""
        return self.place.names()

    def get(self, name: str) -> Collection:
        """An existing collection, or the one an alias stands for, opened; raises NotFound, or what opening raises."""
        with self._lock:
            name = self.place.resolve(name)
            if name in self._open:
                return self._open[name]
            if not self.place.has(collection_name(name)):
                raise NotFound(
                    f"There is no collection {name!r}; there are: {', '.join(self._searchable()) or 'none'}.",
                    collection=name,
                    collections=self._searchable(),
                )
            return self._keep(name)

    def _searchable(self) -> list[str]:
        return sorted({*self.names(), *self.place.aliases()})

    def peek(self, name: str) -> Collection | None:
        """The collection if it is open already; never waits for one that another thread is opening."""
        return self._open.get(self.place.resolve(name))

    def holds(self, name: str) -> bool:
        """Whether a collection is open here, so that no other process may write to it."""
        return self.peek(name) is not None

    def create(self, name: str) -> tuple[Collection, bool]:
        """The collection of that name, or the one an alias of it stands for, and whether it had to be made."""
        with self._lock:
            name = self.place.resolve(name)
            is_new = not self.place.has(collection_name(name))
            return (self._keep(name) if is_new else self.get(name)), is_new

    def _keep(self, name: str) -> Collection:
        index = self.place.open(name, making_of(self.encoder), self.read_only)
        self._open[name] = Collection(index, self.encoder, self.allowed, self.reranker)
        return self._open[name]

    def delete(self, name: str) -> None:
        """Remove a collection and its files; raises NotFound, and Conflict for an alias or what one stands for."""
        with self._lock:
            if name not in self._open and not self.place.has(collection_name(name)):
                self.get(name)
            collection = self._open.pop(name, None)
            if collection is not None:
                collection.close()
            self.place.delete(name)

    def ensure_demo(self) -> None:
        """Make and fill the demo collection unless it is there.

        One that another encoder filled, such as the bundled one before an upgrade, is set aside under
        another name, so that nothing is lost. What else is wrong with it is left to who opens it.
        """
        with self._lock:
            if DEMO in self.names() and not self._set_aside(DEMO):
                return
            self.create(DEMO)[0].upsert([Passage.from_json(row) for row in demo_passages()])

    def _set_aside(self, name: str) -> bool:
        """Rename a collection if another encoder filled it; whether it was so."""
        try:
            self.get(name)
        except EncoderMismatch as error:
            aside = f"{name}-{str(error.detail['fingerprint'])[:12]}"
            if not self.place.has(aside):
                self.place.rename(name, aside)
                return True
        except IsoglotError:
            pass  # whoever opens it is told, readiness first
        return False

    def close(self) -> None:
        """Close all open collections and let go of their place."""
        with self._lock:
            for collection in self._open.values():
                collection.close()
            self._open.clear()
            self.place.close()
