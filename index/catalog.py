"""The collections of one place, opened when first asked for."""

from __future__ import annotations

import re
import threading
from collections.abc import Collection as Collected
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import count
from pathlib import Path

from index.backend import PassageIndex
from index.collection import Collection
from index.demo import DEMO, demo_passages
from index.encoder import Encoder
from index.encoders import Encoders
from index.errors import Conflict, DamagedCollection, EncoderMismatch, InvalidInput, IsoglotError, NotFound
from index.making import making_of
from index.passages import Passage
from index.places import LocalPlace, Place
from index.reranker import Reranker
from index.retiring import Retired

__all__ = ["Catalog", "collection_name", "open_to_read", "put_in_place"]

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

    place: where they are (`index/places.py`); a folder holds one folder per collection. encoder: of those
    that are made here. read_only: never makes or changes any. allowed: closed list of languages for
    detection; None means any. encoders: where the encoders of collections that another one filled are found;
    None refuses such collections. reranker: for questions that ask for one; None refuses them.
    """

    def __init__(
        self,
        place: Place | Path,
        encoder: Encoder,
        read_only: bool = False,
        allowed: Collected[str] | None = None,
        encoders: Encoders | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        self.place = LocalPlace(place) if isinstance(place, Path) else place
        self.encoder, self.read_only, self.allowed, self.encoders = encoder, read_only, allowed, encoders
        self.reranker = reranker
        self._open: dict[str, Collection] = {}
        self._retired: dict[str, Retired] = {}
        self._lock = threading.RLock()
        if not read_only:
            with suppress(DamagedCollection):  # whoever opens a collection is told
                self.place.tidy()

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

    def opened(self) -> list[Collection]:
        """The collections that are open, by name; waits for none."""
        return [collection for _, collection in sorted(self._open.copy().items())]

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
        retired = self._retired.pop(name, None)
        revived = None if retired is None else retired.revive()
        if revived is None:
            index = self.place.open(name, making_of(self.encoder), self.read_only)
            revived = Collection(index, self._encoder_of(index), self.allowed, self.reranker)
        self._open[name] = revived
        return revived

    def _encoder_of(self, index: PassageIndex) -> Encoder:
        """The encoder that filled an index; the catalog's own where no other is known, which is then refused."""
        facts = index.facts()
        if self.encoders is None or facts.get("fingerprint") == self.encoder.fingerprint:
            return self.encoder
        try:
            return self.encoders.of(facts) or self.encoder
        except BaseException:
            index.close()
            raise

    def replace(self, name: str, old: str, new: str) -> None:
        """Let a name stand for a new version, at once for every reader; the old one closes behind its last one.

        old: the collection that `name`, itself or an alias, stands for. Raises Conflict when that is so no more.
        """
        with self._lock:
            if self.place.aliases().get(name, name) != old or not self.place.has(old):
                raise Conflict(
                    f"{name!r} does not stand for {old!r} any more; {new!r} has not taken its place.", collection=name
                )
            put_in_place(self.place, name, old, new)
            for known in {old, name} & set(self._open):
                collection = self._open.pop(known)
                collection.gate.move()
                self._retired[known] = Retired(collection, self.place.tidy)

    def release(self, name: str) -> None:
        """Close a collection that is open here, so that another process may write to it."""
        with self._lock:
            if (collection := self._open.pop(name, None)) is not None:
                collection.close()

    def delete(self, name: str) -> None:
        """Remove a collection and its files; raises NotFound, and Conflict for an alias or what one stands for."""
        with self._lock:
            if name not in self._open and not self.place.has(collection_name(name)):
                self.get(name)
            collection, retired = self._open.pop(name, None), self._retired.pop(name, None)
            for opened in (collection, retired):
                if opened is not None:
                    opened.close()
            self.place.delete(name)

    def ensure_demo(self) -> None:
        """Make and fill the demo collection unless it is there.

        One that another encoder filled, such as the bundled one before an upgrade, is set aside under
        another name, so that nothing is lost. What else is wrong with it is left to who opens it.
        """
        with self._lock:
            if self._is_alias(DEMO) or (DEMO in self.names() and not self._set_aside(DEMO)):
                return
            self.create(DEMO)[0].upsert([Passage.from_json(row) for row in demo_passages()])

    def _is_alias(self, name: str) -> bool:
        try:
            return name in self.place.aliases()
        except DamagedCollection:  # whoever opens the collection is told
            return True

    def _set_aside(self, name: str) -> bool:
        """Rename a collection if another encoder filled it; whether it was so."""
        try:
            with closing(self.place.open(name, {}, read_only=True)) as index:
                filled_by = index.facts().get("fingerprint")
            aside = f"{name}-{str(filled_by)[:12]}"
            if filled_by != self.encoder.fingerprint and not self.place.has(aside):
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
            for retired in self._retired.values():
                retired.close()
            self._open.clear()
            self._retired.clear()
            self.place.close()


def put_in_place(place: Place, name: str, old: str, new: str) -> None:
    """Let a name stand for a new version: by moving its alias, or by giving a collection's own name away.

    The collection `old` whose name is given away is called NAME-FINGERPRINT from then on.
    """
    if name != old:
        place.set_alias(name, new)
        return
    with closing(place.open(old, {}, read_only=True)) as index:
        aside = f"{name[:50]}-{str(index.facts().get('fingerprint'))[:12]}"
    place.take_over(name, new, next(free for free in _free_names(aside) if not place.has(free)))


def _free_names(name: str) -> Iterator[str]:
    yield name
    for number in count(2):
        yield f"{name[:58]}-{number}"


def open_to_read(catalog: Catalog, name: str) -> Collection:
    """A collection to read; the demo one is made first where it is not there or another encoder's."""
    try:
        return catalog.get(name)
    except (NotFound, EncoderMismatch):
        if name != DEMO:
            raise
    with closing(Catalog(catalog.place, catalog.encoder)) as writer:
        writer.ensure_demo()
    return catalog.get(name)
