"""The local backend: passages in SQLite, vectors in FAISS, in one folder.

    passages.db   the truth (`store.py`)
    vectors/      segments made from it (`segment.py`) and their manifest
    writer.lock   held by the one process that may write

A write goes to SQLite first, then into the tail in memory; a thread seals the tail into segments as it
grows. Opening maps the sound segments and replays what no segment covers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np

from index.answer import Hit
from index.backend import Block
from index.errors import NotFound
from index.filters import Condition
from index.local import facets
from index.local.build import Shape
from index.local.database import is_current
from index.local.facts import describe
from index.local.gpu import Gpu
from index.local.lock import claim
from index.local.manifest import FOLDER
from index.local.opening import remove_strangers
from index.local.part import Found
from index.local.probes import merge
from index.local.schedule import Schedule, SnapshotPlan
from index.local.sealing import Sealer
from index.local.state import State
from index.local.store import Numbers, PassageStore
from index.local.view import View
from index.passages import Passage
from index.question import Scope

__all__ = ["DATABASE", "LocalIndex"]

DATABASE = "passages.db"

_RERANKED = 4
"""Candidates for each hit asked for that are scored anew from the stored vectors, where codes are coarser."""


class LocalIndex:
    """Passages and vectors in a folder.

    folder: where it lives; made when absent, unless read_only. facts: what to remember when it is new.
    shape: how segments are made. gpu: keeps the largest parts too; None for the processor alone.
    snapshots: a schedule of copies; None takes none by itself.
    Raises CollectionInUse when another process writes to it, DamagedCollection when its database is
    not sound, NotFound when it is absent and read_only.
    """

    def __init__(
        self,
        folder: Path,
        facts: dict[str, str],
        read_only: bool = False,
        shape: Shape | None = None,
        gpu: Gpu | None = None,
        snapshots: SnapshotPlan | None = None,
    ) -> None:
        self.folder, self.read_only, self.shape = folder, read_only, shape or Shape()
        if read_only and not (folder / DATABASE).is_file():
            raise NotFound(f"There is no collection {folder.name!r}.", collection=folder.name)
        # A database of an earlier version is brought up to date by whoever opens it first.
        is_writer = not read_only or not is_current(folder / DATABASE)
        self._lock = claim(folder) if is_writer else None
        try:
            self.store = PassageStore(folder / DATABASE, facts, not is_writer)
            if is_writer:
                remove_strangers(folder / FOLDER)
            self.state = State(self.store, folder / FOLDER, gpu)
        except BaseException:
            self._release()
            raise
        self._fields: tuple[View | None, set[str]] = None, set()
        self._sealer = Sealer(self.state, self.shape)
        self._schedule = Schedule(snapshots, self.snapshot) if snapshots and not read_only else None
        if not read_only:
            self._sealer.wake()

    @property
    def name(self) -> str:
        """The collection's name."""
        return self.folder.name

    def facts(self) -> dict[str, str]:
        """What the collection remembers of its making."""
        return self.store.facts()

    def view(self) -> View:
        """What a search sees; a reading process looks first whether another one has written."""
        if self.read_only:
            self.state.refresh()
        return self.state.view

    def counts(self) -> dict[str, int]:
        """Language → number of passages, sorted by code, languages without any left out."""
        return self.view().counts()

    def fields(self) -> set[str]:
        """Metadata fields a filter may name."""
        view = self.view()
        known_for, known = self._fields
        if known_for is not view:  # every filtered search asks, and a view never changes
            known = facets.fields(self.store.database)
            self._fields = view, known
        return set(known)

    def upsert(self, passages: Sequence[Passage], vectors: np.ndarray) -> None:
        """Store passages, ids unique, replacing those whose id is known; all or none, on disk on return."""
        if passages:
            self.state.upsert(passages, vectors)
            self._sealer.wake()

    def delete(self, ids: Sequence[str]) -> int:
        """Remove passages by id and return how many there were."""
        count = self.state.delete(ids)
        self._sealer.wake()
        return count

    def get(self, ids: Sequence[str]) -> dict[str, Passage]:
        """Passages by id; ids that are not there are left out."""
        return self.store.by_id(ids)

    def search(self, vectors: np.ndarray, scope: Scope) -> list[list[Hit]]:
        """For each query vector its nearest passages, best first; every hit obeys the scope."""
        view = self.view()
        k = scope.k * _RERANKED if view.is_coarse else scope.k
        scores, numbers = view.nearest(vectors, k, scope.languages, scope.where, self._fitting)
        if view.is_coarse:
            held = self.store.vectors_of(_once(numbers), self.state.dimension)
            scores, numbers = _reranked(vectors, numbers, *held, scope.k)
        passages = self.store.get(_once(numbers))
        return [_hits(*row, passages, scope) for row in zip(scores.tolist(), numbers.tolist(), strict=True)]

    def _fitting(self, conditions: tuple[Condition, ...]) -> Numbers:
        return facets.fitting(self.store.database, conditions)

    def scan(self, after: str | None = None, size: int = 1000) -> Iterator[Block]:
        """Yield all passages with vectors in blocks, in order of id; after: begin behind this id."""
        while True:
            passages, vectors = self.store.scan(after, size, self.state.dimension)
            if not passages:
                return
            yield Block(passages, vectors)
            after = passages[-1].id

    def bulk(self) -> AbstractContextManager[None]:
        """While this lasts nothing is sealed; what was written is then sealed at once, each passage linked once."""
        return self._sealer.bulk()

    def compact(self, is_full: bool = False) -> None:
        """Seal what is in memory and merge segments as far as it is due; is_full: everything into one."""
        self._sealer.compact(is_full)

    def snapshot(self, target: Path) -> None:
        """Write a complete copy as of now to a folder that is not there yet; writers and readers go on meanwhile.

        Raises InvalidInput when the folder exists, StorageUnavailable when it cannot be written.
        """
        self._sealer.snapshot(target)

    def info(self) -> dict[str, Any]:
        """How it is stored, what recall it promises and what was measured."""
        return describe(self.state.now, self.shape, self._sealer.fault)

    def close(self) -> None:
        """Let go of the files; everything acknowledged is on disk already."""
        if self._schedule is not None:
            self._schedule.close()
        self._sealer.close()
        self.state.close()
        self.store.close()
        self._release()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()


def _once(numbers: np.ndarray) -> list[int]:
    """Each number once; one query's are different already."""
    return (numbers[0] if len(numbers) == 1 else np.unique(numbers)).tolist()  # type: ignore[no-any-return]


def _reranked(vectors: np.ndarray, numbers: np.ndarray, known: np.ndarray, stored: np.ndarray, k: int) -> Found:
    """The k best candidates of each query by their stored vectors, (n, dim); known: those still there, ascending."""
    if not len(known):
        return np.empty((len(numbers), 0), dtype=np.float32), np.empty((len(numbers), 0), dtype=np.int64)
    at = np.searchsorted(known, numbers).clip(max=len(known) - 1)
    scores = np.stack([stored[rows] @ vector for rows, vector in zip(at, vectors, strict=True)])
    return merge([(np.where(known[at] == numbers, scores, -np.inf), numbers)], len(vectors), k)


def _hits(scores: list[float], numbers: list[int], passages: dict[int, Passage], scope: Scope) -> list[Hit]:
    """The k best that are still there, equal ones by number, checked once more against the languages asked for.

    Scores are rounded first: the last bits of one vector's score hang on which rows stand beside it.
    """
    told = [(-round(score, 6), number) for score, number in zip(scores, numbers, strict=True) if number in passages]
    hits = [Hit(passages[number], -score) for score, number in sorted(told)]
    if scope.languages is not None:
        hits = [hit for hit in hits if hit.passage.language in scope.languages]
    return hits[: scope.k]
