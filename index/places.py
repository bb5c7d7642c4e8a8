"""Where collections are kept: a folder of this machine, or an engine elsewhere.

`ISOGLOT_INDEX` chooses: `local`, or `milvus://host:19530[/database]`.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from index.aliases import Aliases
from index.backend import PassageIndex
from index.errors import CollectionInUse, Conflict, InvalidInput, NotFound
from index.extras import how_to_install
from index.local.build import Shape
from index.local.gpu import Gpu, find_gpu
from index.local.index import DATABASE, LocalIndex
from index.local.lock import claim
from index.local.schedule import SnapshotPlan

__all__ = ["LOCAL", "LocalOptions", "LocalPlace", "Place", "open_place"]

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

    def resolve(self, name: str) -> str:
        """The name to open a collection by: an alias' target, unless the place finds that itself."""

    def aliases(self) -> dict[str, str]:
        """Alias → the collection it stands for, sorted."""

    def set_alias(self, alias: str, name: str) -> None:
        """Let an alias stand for a collection, at once for every reader; raises NotFound, Conflict."""

    def drop_alias(self, alias: str) -> None:
        """Remove an alias, its collection stays; raises NotFound."""

    def take_over(self, name: str, target: str, aside: str) -> None:
        """Let a collection's own name stand for another one; the first is called `aside` once nobody holds it open.

        Raises Conflict where a place cannot do that in one step.
        """

    def tidy(self) -> None:
        """Give collections whose name has been taken over their new one, where nobody holds them open."""

    def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class LocalOptions:
    """How collections are kept in a folder of this machine.

    shape: how segments of vectors are made. gpu_gibibytes: memory of a GPU that those of all collections may
    take together; None means four fifths of what is free, where there is one. snapshot_hours: hours between snapshots;
    None takes none. snapshots: their folder; None is `snapshots` beside the collections'.
    snapshots_kept: how many of a collection stay.
    """

    shape: Shape = field(default_factory=Shape)
    gpu_gibibytes: float | None = None
    snapshot_hours: float | None = None
    snapshots: Path | None = None
    snapshots_kept: int = 7

    def gpu(self) -> Gpu | None:
        """The GPU to keep vectors on; None for the processor alone."""
        return find_gpu(self.gpu_gibibytes)


class LocalPlace:
    """One folder per collection below a folder of this machine.

    options: how collections are kept there; None takes the defaults. history: where aliases point and pointed before.
    """

    def __init__(self, folder: Path, options: LocalOptions | None = None) -> None:
        self.folder, self._options = folder, options or LocalOptions()
        self.history = Aliases(folder)

    def names(self) -> list[str]:
        """Names of the collections there are, sorted."""
        return sorted(path.parent.name for path in self.folder.glob(f"*/{DATABASE}"))

    def has(self, name: str) -> bool:
        """Whether there is a collection of that name."""
        return (self.folder / name / DATABASE).is_file()

    def open(self, name: str, facts: dict[str, str], read_only: bool = False) -> LocalIndex:
        """The collection's index; raises what `LocalIndex` raises."""
        chosen = self._options
        plan = None
        if chosen.snapshot_hours:
            place = chosen.snapshots or self.folder.parent / "snapshots"
            plan = SnapshotPlan(place / name, chosen.snapshot_hours, chosen.snapshots_kept)
        return LocalIndex(self.folder / name, facts, read_only, chosen.shape, chosen.gpu(), plan)

    def delete(self, name: str) -> None:
        """Remove a collection and its files; raises NotFound, and Conflict for an alias or what one stands for."""
        self._require_free(name)
        if not self.has(name):
            raise NotFound(f"There is no collection {name!r}.", collection=name)
        shutil.rmtree(self.folder / name)

    def _require_free(self, name: str) -> None:
        if name in self.history.all():
            raise Conflict(
                f"{name!r} is an alias; remove it (isoglot index alias {name} --remove), or delete the collection it "
                "stands for after that.",
                alias=name,
            )
        if named := self.history.pointing_to(name):
            raise Conflict(
                f"{name!r} is what the alias {', '.join(named)} stands for; move or remove the alias first "
                "(isoglot index alias).",
                collection=name,
                aliases=named,
            )

    def rename(self, name: str, new: str) -> None:
        """Move a collection's folder."""
        (self.folder / name).rename(self.folder / new)

    def resolve(self, name: str) -> str:
        """An alias' target, or the name itself."""
        return self.history.resolve(name)

    def aliases(self) -> dict[str, str]:
        """Alias → the collection it stands for, sorted."""
        return {name: alias.target for name, alias in self.history.all().items()}

    def set_alias(self, alias: str, name: str) -> None:
        """Let an alias stand for a collection, at once for every reader; raises NotFound, Conflict."""
        if not self.has(name) and name not in self.history.all():
            raise NotFound(f"There is no collection {name!r} for an alias to stand for.", collection=name)
        self.history.move(alias, name)

    def drop_alias(self, alias: str) -> None:
        """Remove an alias, its collection stays; raises NotFound."""
        self.history.remove(alias)

    def take_over(self, name: str, target: str, aside: str) -> None:
        """Let a collection's own name stand for another one; the first is called `aside` once nobody holds it open."""
        self.history.take_over(name, target, aside)
        self.tidy()

    def tidy(self) -> None:
        """Give collections whose name has been taken over their new one, where nobody holds them open."""
        for name, alias in self.history.all().items():
            if alias.renames is None:
                continue
            if self.has(name):
                try:
                    lock = claim(self.folder / name)
                except CollectionInUse:
                    continue
                with lock:
                    self.rename(name, alias.renames)
            self.history.settled(name)

    def close(self) -> None:
        """Nothing is held."""


def open_place(index: str, folder: Path, token: str | None = None, options: LocalOptions | None = None) -> Place:
    """The place a setting names.

    index: `local` or the address of a Milvus. folder, options: for `local`. token: for Milvus.
    Raises InvalidInput when it names neither, or when pymilvus is not installed.
    """
    if index == LOCAL:
        return LocalPlace(folder, options)
    if not index.startswith("milvus"):
        raise InvalidInput(
            f"{index[:80]!r} is no place for collections; use local or milvus://host:19530 (ISOGLOT_INDEX)."
        )
    try:
        from index.milvus.place import MilvusPlace
        from index.milvus.server import Address
    except ModuleNotFoundError as error:
        raise InvalidInput(f"Milvus needs {error.name}, which is not installed. {how_to_install('milvus')}") from error
    return MilvusPlace(Address.parse(index), token)
