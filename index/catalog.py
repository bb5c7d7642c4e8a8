"""The collections of one data folder, opened when first asked for."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Collection as Collected
from pathlib import Path

from index.aliases import Aliases
from index.collection import Collection
from index.demo import demo_passages
from index.encoder import Encoder
from index.errors import Conflict, EncoderMismatch, InvalidInput, IsoglotError, NotFound
from index.local.index import DATABASE
from index.passages import Passage

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

    folder: one folder per collection below it. read_only: never makes or changes any.
    allowed: closed list of languages for detection; None means any.
    """

    def __init__(
        self, folder: Path, encoder: Encoder, read_only: bool = False, allowed: Collected[str] | None = None
    ) -> None:
        self.folder, self.encoder, self.read_only, self.allowed = folder, encoder, read_only, allowed
        self.aliases = Aliases(folder)
        self._open: dict[str, Collection] = {}
        self._lock = threading.RLock()

    def names(self) -> list[str]:
        """Names of the collections there are."""
        return sorted(path.parent.name for path in self.folder.glob(f"*/{DATABASE}"))

    def get(self, name: str) -> Collection:
        """An existing collection, or the one an alias points to, opened; raises NotFound, or what opening raises."""
        with self._lock:
            name = self.aliases.resolve(name)
            if name in self._open:
                return self._open[name]
            if not (self.folder / collection_name(name) / DATABASE).is_file():
                raise NotFound(
                    f"There is no collection {name!r}; there are: {', '.join(self.names()) or 'none'}.",
                    collection=name,
                    collections=self.names(),
                )
            return self._keep(name)

    def holds(self, name: str) -> bool:
        """Whether a collection is open here, so that no other process may write to it."""
        with self._lock:
            return self.aliases.resolve(name) in self._open

    def create(self, name: str) -> tuple[Collection, bool]:
        """The collection of that name, or the one an alias of it points to, and whether it had to be made."""
        with self._lock:
            name = self.aliases.resolve(name)
            is_new = not (self.folder / collection_name(name) / DATABASE).is_file()
            return (self._keep(name) if is_new else self.get(name)), is_new

    def _keep(self, name: str) -> Collection:
        self._open[name] = Collection.open(self.folder / name, self.encoder, self.read_only, self.allowed)
        return self._open[name]

    def delete(self, name: str) -> None:
        """Remove a collection and its files; raises NotFound, and Conflict for an alias or what one points to."""
        with self._lock:
            if name in self.aliases.all():
                raise Conflict(
                    f"{name!r} is an alias; remove it (isoglot index alias {name} --remove), or delete the collection "
                    "it points to after that.",
                    alias=name,
                )
            if named := self.aliases.pointing_to(name):
                raise Conflict(
                    f"{name!r} is what the alias {', '.join(named)} points to; move or remove the alias first "
                    "(isoglot index alias).",
                    collection=name,
                    aliases=named,
                )
            if name not in self._open and not (self.folder / collection_name(name) / DATABASE).is_file():
                self.get(name)
            collection = self._open.pop(name, None)
            if collection is not None:
                collection.close()
            shutil.rmtree(self.folder / name)

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
            aside = self.folder / f"{name}-{str(error.detail['fingerprint'])[:12]}"
            if not aside.exists():
                (self.folder / name).rename(aside)
                return True
        except IsoglotError:
            pass  # whoever opens it is told, readiness first
        return False

    def close(self) -> None:
        """Close all open collections."""
        with self._lock:
            for collection in self._open.values():
                collection.close()
            self._open.clear()
