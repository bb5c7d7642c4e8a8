"""Where collections are kept: a folder of this machine, or an engine elsewhere.

`ISOGLOT_INDEX` chooses: `local`, or `milvus://host:19530[/database]`.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Protocol

from index.backend import PassageIndex
from index.errors import InvalidInput, NotFound
from index.local.index import DATABASE, LocalIndex

__all__ = ["LOCAL", "LocalPlace", "Place", "open_place"]

LOCAL = "local"
"""How the folder of this machine is named in settings."""


class Place(Protocol):
    """Opens, lists and removes collections by checked names."""

    def names(self) -> list[str]:
        """Names of the collections there are, sorted."""

    def has(self, name: str) -> bool:
        """Whether there is a collection of that name."""

    def open(self, name: str, facts: dict[str, str], read_only: bool = False) -> PassageIndex:
        """The collection's index, made when absent unless read_only; raises NotFound and what the backend raises.

        facts: what a new one remembers of its making.
        """

    def delete(self, name: str) -> None:
        """Remove a collection that nobody here holds open; raises NotFound."""

    def rename(self, name: str, new: str) -> None:
        """Give a collection that nobody here holds open another name, which must be free."""

    def set_alias(self, alias: str, name: str) -> None:
        """Let an alias stand for a collection; raises NotFound, Conflict, InvalidInput where there are none."""

    def drop_alias(self, alias: str) -> None:
        """Remove an alias, its collection stays; raises NotFound, InvalidInput where there are none."""

    def close(self) -> None:
        """Let go of connections."""


class LocalPlace:
    """One folder per collection below a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        """Names of the collections there are, sorted."""
        return sorted(path.parent.name for path in self.folder.glob(f"*/{DATABASE}"))

    def has(self, name: str) -> bool:
        """Whether there is a collection of that name."""
        return (self.folder / name / DATABASE).is_file()

    def open(self, name: str, facts: dict[str, str], read_only: bool = False) -> LocalIndex:
        """The collection's index; raises what `LocalIndex` raises."""
        return LocalIndex(self.folder / name, facts, read_only)

    def delete(self, name: str) -> None:
        """Remove a collection and its files; raises NotFound."""
        if not self.has(name):
            raise NotFound(f"There is no collection {name!r}.", collection=name)
        shutil.rmtree(self.folder / name)

    def rename(self, name: str, new: str) -> None:
        """Move a collection's folder."""
        (self.folder / name).rename(self.folder / new)

    def set_alias(self, alias: str, name: str) -> None:
        """Raise InvalidInput: folders have one name."""
        raise InvalidInput(f"{alias!r} cannot stand for {name!r}: aliases are kept by Milvus alone (ISOGLOT_INDEX).")

    def drop_alias(self, alias: str) -> None:
        """Raise InvalidInput: folders have one name."""
        raise InvalidInput(f"{alias!r} is no alias: aliases are kept by Milvus alone (ISOGLOT_INDEX).")

    def close(self) -> None:
        """Nothing is held."""


def open_place(index: str, folder: Path, token: str | None = None) -> Place:
    """The place a setting names.

    index: `local` or the address of a Milvus. folder: the collections' folder, for `local`. token: for Milvus.
    Raises InvalidInput when it names neither, or when pymilvus is not installed.
    """
    if index == LOCAL:
        return LocalPlace(folder)
    if not index.startswith("milvus"):
        raise InvalidInput(
            f"{index[:80]!r} is no place for collections; use local or milvus://host:19530 (ISOGLOT_INDEX)."
        )
    try:
        from index.milvus.place import MilvusPlace
        from index.milvus.server import Address
    except ModuleNotFoundError as error:
        raise InvalidInput(
            f"Milvus needs {error.name}, which is not installed; run pip install 'isoglot[milvus]'."
        ) from error
    return MilvusPlace(Address.parse(index), token)
