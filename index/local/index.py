"""The local backend: passages in SQLite, vectors in FAISS, in one folder.

    passages.db   the truth (`store.py`)
    vectors/      segments made from it (`segment.py`) and their manifest
    writer.lock   held by the one process that may write

A write goes to SQLite first, then into the tail in memory; a thread seals the tail into segments as it
grows. Opening maps the sound segments and replays what no segment covers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np

from index.answer import Found, Hit
from index.backend import Block
from index.bias.means import Means
from index.errors import NotFound
from index.filters import Condition
from index.local import facets
from index.local.build import Shape
from index.local.channel import Channel
from index.local.database import is_current
from index.local.facts import describe
from index.local.gpu import Gpu
from index.local.hits import hits_of, once, reranked
from index.local.lock import claim
from index.local.manifest import FOLDER
from index.local.merged import merged
from index.local.opening import remove_strangers
from index.local.schedule import Schedule, SnapshotPlan
from index.local.sealing import Sealer
from index.local.state import State
from index.local.store import Numbers, PassageStore
from index.local.view import View
from index.merging.lens import Lens
from index.merging.merge import Merge
from index.merging.statistics import Statistics
from index.passages import Passage
from index.question import Scope

__all__ = ["DATABASE", "LocalIndex"]

DATABASE = "passages.db"

WIDER = 4
"""`search_wider` finds this many times as many as it gives."""

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
        self._means: tuple[View, Means] | None = None
        self.lexical = Channel(self.state, self.name, is_writer)
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

    def means(self) -> Means:
        """The mean vector of each language, exact, as of now."""
        view = self.view()
        known = self._means
        if known is None or known[0] is not view:
            # Read after the view: what is written in between is in a newer view, whose means are read anew.
            known = self._means = (view, self.store.means(self.state.dimension))
        return known[1]

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
            held = self.store.vectors_of(once(numbers), self.state.dimension)
            scores, numbers = reranked(vectors, numbers, *held, scope.k)
        passages = self.store.get(once(numbers))
        return [hits_of(*row, passages, scope) for row in zip(scores.tolist(), numbers.tolist(), strict=True)]

    def search_wider(self, vectors: np.ndarray, scope: Scope) -> list[Found]:
        """The hits `search` gives, with scores and languages of three times as many behind them."""
        view = self.view()
        if view.is_coarse:  # it looks as far by itself
            scores, numbers = view.nearest(vectors, scope.k * _RERANKED, scope.languages, scope.where, self._fitting)
            held = self.store.vectors_of(once(numbers), self.state.dimension)
            scores, numbers = reranked(vectors, numbers, *held, scope.k * _RERANKED)
        else:
            scores, numbers = view.nearest(vectors, scope.k, scope.languages, scope.where, self._fitting, WIDER)
        rows = zip(scores.tolist(), numbers.tolist(), strict=True)
        return [self._found(view, *row, scope) for row in rows]

    def _found(self, view: View, scores: list[float], numbers: list[int], scope: Scope) -> Found:
        ranked = [(-score, number) for score, number in zip(scores, numbers, strict=True) if number >= 0]
        ranked = sorted(pair for pair in ranked if pair[0] < math.inf)
        numbers = [number for _, number in ranked]
        first = [-score for score, _ in ranked[: scope.k]]
        hits = hits_of(first, numbers[: scope.k], self.store.get(numbers[: scope.k]), scope)
        return Found(hits, [-score for score, _ in ranked], view.languages_of(numbers))

    def sample(self, language: str, most: int) -> np.ndarray:
        """Vectors of a language, (n, dim) float32, at most so many, evenly spread, as they are searched."""
        return self.view().sample(language, most)

    def _fitting(self, conditions: tuple[Condition, ...]) -> Numbers:
        return facets.fitting(self.store.database, conditions)

    def merged(self, lenses: Sequence[Lens], merge: Merge, statistics: Statistics, scope: Scope) -> list[list[Hit]]:
        """For each query the first k hits by a rule; every hit obeys the scope. See `merged.py`."""
        return merged(self.view(), self.store, lenses, merge, statistics, scope, self._fitting)

    def remember(self, name: str, value: str | None) -> None:
        """Write down a fact, on disk on return; None forgets it."""
        self.store.remember(name, value)

    def derived(self) -> Path | None:
        """A folder for files that can be made again."""
        return self.folder

    def scan(self, after: str | None = None, size: int = 1000) -> Iterator[Block]:
        """Yield all passages with vectors in blocks, in order of id; after: begin behind this id."""
        while True:
            passages, vectors = self.store.scan(after, size, self.state.dimension)
            if not passages:
                return
            yield Block(passages, vectors)
            after = passages[-1].id

    def bulk(self) -> AbstractContextManager[None]:
        """While this lasts much may wait in memory; what does is sealed at its end, so that few are linked twice."""
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
        return {**describe(self.state.now, self.shape, self._sealer.fault), "lexical": self.lexical.info()}

    def close(self) -> None:
        """Let go of the files; everything acknowledged is on disk already."""
        if self._schedule is not None:
            self._schedule.close()
        self._sealer.close()
        self.lexical.close()
        self.state.close()
        self.store.close()
        self._release()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()
