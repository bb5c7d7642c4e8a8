"""Aliases: names that point to collections and move in one step.

One small JSON file beside the collections, replaced whole: a reader sees the old target or the new
one, never neither. A lock on a file keeps writers apart.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from index.errors import Conflict, DamagedCollection, InvalidInput, NotFound, StorageUnavailable
from index.locks import wait_for

__all__ = ["FILE", "Alias", "Aliases"]

FILE = "aliases.json"

_KEPT = 10
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


class Alias(BaseModel):
    """Where an alias points, and where it pointed before, latest first.

    renames: the name that a collection of the alias' own name is to get; None when there is none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: str
    previous: tuple[str, ...] = ()
    renames: str | None = None


class Aliases:
    """The aliases of one folder of collections; read from disk each time, so that other processes' moves count."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._path = folder, folder / FILE

    def all(self) -> dict[str, Alias]:
        """Alias by name; raises DamagedCollection when the file is not what was written."""
        try:
            body = self._path.read_bytes()
        except FileNotFoundError:
            return {}
        try:
            return {name: Alias.model_validate(facts) for name, facts in sorted(json.loads(body).items())}
        except (ValueError, AttributeError, ValidationError) as error:
            raise DamagedCollection(
                f"{self._path} cannot be understood ({error}). Restore it, or remove it and set the aliases again "
                "(isoglot index alias).",
                path=str(self._path),
            ) from error

    def resolve(self, name: str) -> str:
        """What a name stands for: an alias' target, or the name itself."""
        alias = self.all().get(name)
        return alias.target if alias else name

    def pointing_to(self, collection: str) -> list[str]:
        """The aliases that point to a collection."""
        return [name for name, alias in self.all().items() if alias.target == collection]

    def move(self, name: str, target: str) -> Alias:
        """Point an alias to a collection, made when absent; in one step and durable when this returns.

        Raises InvalidInput for a name that is none, Conflict when a collection has it or the target is an alias.
        """
        if not _NAME.fullmatch(name):
            raise InvalidInput(f"{name[:80]!r} is no alias; use the letters of a collection's name.", given=name[:80])
        with self._writing() as aliases:
            if target in aliases:
                raise Conflict(f"{target!r} is an alias itself; point to the collection {aliases[target].target!r}.")
            if name not in aliases and (self._folder / name).is_dir():
                raise Conflict(
                    f"{name!r} is the name of a collection, so it cannot be an alias; take another name, or delete "
                    "that collection when it is not needed.",
                    collection=name,
                )
            before = aliases.get(name)
            previous = (before.target, *before.previous) if before and before.target != target else ()
            kept = before.previous if before and before.target == target else previous
            renames = before.renames if before else None
            aliases[name] = Alias(target=target, previous=tuple(dict.fromkeys(kept))[:_KEPT], renames=renames)
            return aliases[name]

    def take_over(self, name: str, target: str, aside: str) -> None:
        """Let a collection's own name stand for another collection, in one step and durable when this returns.

        aside: the name it shall have from then on; `settled` must be told once it does.
        """
        with self._writing() as aliases:
            aliases[name] = Alias(target=target, previous=(aside,), renames=aside)

    def settled(self, name: str) -> None:
        """The collection whose name an alias has taken over has its new name."""
        with self._writing() as aliases:
            aliases[name] = aliases[name].model_copy(update={"renames": None})

    def roll_back(self, name: str) -> Alias:
        """Point an alias to where it pointed before; raises NotFound when there is no before."""
        with self._writing() as aliases:
            alias = aliases.get(name)
            if alias is None or not alias.previous:
                known = ", ".join(aliases) or "none"
                raise NotFound(f"The alias {name!r} has no version before; there are: {known}.", alias=name)
            aliases[name] = Alias(target=alias.previous[0], previous=alias.previous[1:], renames=alias.renames)
            return aliases[name]

    def remove(self, name: str) -> None:
        """Remove an alias, not what it points to; raises NotFound."""
        with self._writing() as aliases:
            if aliases.pop(name, None) is None:
                raise NotFound(f"There is no alias {name!r}; there are: {', '.join(aliases) or 'none'}.", alias=name)

    @contextmanager
    def _writing(self) -> Iterator[dict[str, Alias]]:
        """The aliases to change, written back whole unless an error is raised."""
        try:
            with wait_for(self._folder / f"{FILE}.lock"):
                aliases = self.all()
                yield aliases
                self._replace({name: alias.model_dump(exclude_none=True) for name, alias in aliases.items()})
        except OSError as error:
            raise StorageUnavailable(f"{self._path} cannot be written: {error}.", path=str(self._path)) from error

    def _replace(self, body: dict[str, object]) -> None:
        fresh = self._path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(body, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
