"""Who may write to a collection now, and who is told what has been written.

A changeover to another version must see every write: it is told which passages change while it works, and
at the end holds writers back for the moment in which the new version takes the old one's place.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from index.errors import CollectionMoved

__all__ = ["Changes", "WriteGate"]


class Changes:
    """Ids of the passages written or deleted since they were last asked for."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._lock = threading.Lock()

    def add(self, ids: Iterable[str]) -> None:
        """Note that passages may have changed."""
        with self._lock:
            self._ids.update(ids)

    def take(self) -> list[str]:
        """The ids noted so far, sorted; they are forgotten here."""
        with self._lock:
            ids, self._ids = self._ids, set()
        return sorted(ids)

    def __len__(self) -> int:
        return len(self._ids)


class WriteGate:
    """The gate before one collection's writes. name: the collection's, for messages."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._changed = threading.Condition()
        self._writers, self._is_held, self._has_moved = 0, False, False
        self._watching: list[Changes] = []

    @contextmanager
    def writing(self, ids: Iterable[str]) -> Iterator[None]:
        """Write inside; waits while the gate is held. Raises CollectionMoved when another version is in place."""
        with self._changed:
            while self._is_held:
                self._changed.wait()
            if self._has_moved:
                raise CollectionMoved(
                    f"Collection {self._name!r} has been replaced by a version of another encoder; send it again.",
                    collection=self._name,
                )
            self._writers += 1
        try:
            yield
        finally:
            with self._changed:
                for changes in self._watching:
                    changes.add(ids)
                self._writers -= 1
                self._changed.notify_all()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody writes inside: those who have begun finish first, those who come wait."""
        with self._changed:
            while self._is_held:
                self._changed.wait()
            self._is_held = True
            while self._writers:
                self._changed.wait()
        try:
            yield
        finally:
            with self._changed:
                self._is_held = False
                self._changed.notify_all()

    def move(self, has_moved: bool = True) -> None:
        """Another version has taken the collection's place, or has given it back: who comes is told."""
        with self._changed:
            self._has_moved = has_moved

    @contextmanager
    def watched(self) -> Iterator[Changes]:
        """What is written while this lasts."""
        changes = Changes()
        with self._changed:
            self._watching.append(changes)
        try:
            yield changes
        finally:
            with self._changed:
                self._watching.remove(changes)
