"""The local backend: passages in SQLite, vectors in FAISS, in one folder.

    passages.db   the truth (`store.py`)
    vectors/      segments made from it (`segment.py`) and their manifest
    writer.lock   held by the one process that may write

A write goes to SQLite first, then into the tail in memory; a thread seals the tail into segments as it
grows. Opening maps the sound segments and replays what no segment covers.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from index.answer import Hit
from index.backend import Block
from index.errors import NotFound
from index.local import facets
from index.local.build import Shape, build_segment
from index.local.compaction import Merge, next_merge
from index.local.database import is_current
from index.local.facts import describe
from index.local.keeper import Keeper
from index.local.lock import claim
from index.local.manifest import FOLDER, Manifest
from index.local.opening import open_view, remove_strangers
from index.local.part import Found
from index.local.segment import Segment
from index.local.store import PassageStore, Rows
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
    shape: how segments are made. Raises CollectionInUse when another process writes to it, DamagedCollection
    when its database is not sound, NotFound when it is absent and read_only.
    """

    def __init__(
        self, folder: Path, facts: dict[str, str], read_only: bool = False, shape: Shape | None = None
    ) -> None:
        self.folder, self.shape = folder, shape or Shape()
        if read_only and not (folder / DATABASE).is_file():
            raise NotFound(f"There is no collection {folder.name!r}.", collection=folder.name)
        is_writer = not read_only or not is_current(folder / DATABASE)
        self._lock_file = claim(folder) if is_writer else None
        self._writing, self._sealing = threading.RLock(), threading.RLock()
        self._bulk = 0
        self._keeper = Keeper(folder.name, self.compact)
        try:
            self._store = PassageStore(folder / DATABASE, facts, not is_writer)
            self._dimension = int(self._store.facts()["dimension"])
            if is_writer:
                remove_strangers(self._vectors)
            self._now = open_view(self._store, self._vectors, self._dimension)
        except BaseException:
            self._release()
            raise
        self.read_only = read_only
        if not read_only:
            self._keeper.wake()

    @property
    def _vectors(self) -> Path:
        return self.folder / FOLDER

    @property
    def name(self) -> str:
        """The collection's name."""
        return self.folder.name

    @property
    def rebuilt(self) -> list[str]:
        """What was wrong with derived files when they were opened; they are made anew from SQLite."""
        return self._now.rebuilt

    def facts(self) -> dict[str, str]:
        """What the collection remembers of its making."""
        return self._store.facts()

    def counts(self) -> dict[str, int]:
        """Language → number of passages, sorted by code, languages without any left out."""
        return self._current().counts()

    def fields(self) -> set[str]:
        """Metadata fields a filter may name."""
        return facets.fields(self._store.database)

    def _current(self) -> View:
        """The view to search: a reading process looks first whether another one has written."""
        if self.read_only and self._store.database.has_changed():
            with self._writing:
                self._now = open_view(self._store, self._vectors, self._dimension, self._now)
        return self._now.view

    def upsert(self, passages: Sequence[Passage], vectors: np.ndarray) -> None:
        """Store passages, ids unique, replacing those whose id is known; all or none, on disk on return."""
        if not passages:
            return
        with self._writing:
            numbers, replaced = self._store.upsert(passages, vectors)
            rows = Rows(numbers, [passage.language for passage in passages], np.asarray(vectors, dtype=np.float32))
            self._now = self._now._replace(view=self._now.view.changed(rows, replaced), last=int(numbers[-1]))
        self._wake()

    def delete(self, ids: Sequence[str]) -> int:
        """Remove passages by id and return how many there were."""
        with self._writing:
            dropped = self._store.delete(ids)
            self._now = self._now._replace(view=self._now.view.changed(None, dropped))
        self._wake()
        return sum(map(len, dropped.values()))

    def _wake(self) -> None:
        if not self._bulk and next_merge(self._now.view, self._now.last, self.shape.exact_below):
            self._keeper.wake()

    def get(self, ids: Sequence[str]) -> dict[str, Passage]:
        """Passages by id; ids that are not there are left out."""
        return self._store.by_id(ids)

    def nearest(self, vectors: np.ndarray, scope: Scope) -> Found:
        """Scores and numbers of the nearest passages, without their texts: what `search` begins with.

        vectors: (n, dim) float32, L2-normalised. With int8 and float16 segments, scores are those of the codes.
        """
        view = self._current()
        languages = list(view.counts()) if scope.languages is None else list(scope.languages)
        return view.nearest(vectors, scope.k, languages, scope.where, lambda c: facets.fitting(self._store.database, c))

    def search(self, vectors: np.ndarray, scope: Scope) -> list[list[Hit]]:
        """For each query vector its nearest passages, best first; every hit obeys the scope."""
        is_coarse = any(segment.facts.storage != "float32" for segment in self._now.view.segments)
        wider = Scope(scope.k * _RERANKED, scope.languages, scope.where) if is_coarse else scope
        scores, numbers = self.nearest(vectors, wider)
        wanted = np.unique(numbers[numbers >= 0]).tolist()
        if is_coarse:
            exact = self._store.vectors_of(wanted, self._dimension)
            scores = _scored_anew(vectors, numbers, exact)
        passages = self._store.get(wanted)
        return [_hits(row, found, passages, scope) for row, found in zip(scores, numbers, strict=True)]

    def scan(self, after: str | None = None, size: int = 1000) -> Iterator[Block]:
        """Yield all passages with vectors in blocks, in order of id; after: begin behind this id."""
        while True:
            passages, vectors = self._store.scan(after, size, self._dimension)
            if not passages:
                return
            yield Block(passages, vectors)
            after = passages[-1].id

    @contextmanager
    def bulk(self) -> Iterator[None]:
        """While this lasts nothing is sealed; afterwards everything becomes one segment, each passage linked once."""
        self._bulk += 1
        try:
            yield
        finally:
            self._bulk -= 1
        self.compact(is_full=True)

    def compact(self, is_full: bool = False) -> None:
        """Seal what is in memory and merge segments as far as it is due; is_full: everything into one."""
        with self._sealing:
            while self._compact_once(is_full):
                pass

    def _compact_once(self, is_full: bool) -> bool:
        now = self._now
        merge = next_merge(now.view, now.last, self.shape.exact_below, is_full)
        if merge is None:
            return False
        facts = build_segment(self._store, self._vectors, merge.first, merge.last, self._dimension, self.shape)
        with self._writing:
            self._replace(merge, [] if facts is None else [Segment.load(self._vectors, facts)])
        remove_strangers(self._vectors)
        return not is_full

    def _replace(self, merge: Merge, built: list[Segment]) -> None:
        """Put what was built in the place of what it was built from; passages dropped meanwhile are dead in it."""
        dropped = self._store.dropped(merge.first, merge.last)
        built = [segment.without(dropped) for segment in built]
        kept = [segment for segment in self._now.view.segments if segment.facts.name not in merge.replaces]
        segments = (*kept, *built)
        facts = [segment.facts for segment in segments]
        manifest = Manifest(generation=self._now.manifest.generation + 1, segments=facts)
        self._vectors.mkdir(exist_ok=True)
        manifest.write(self._vectors)
        view = View(segments, self._now.view.tail.behind(merge.last))
        self._now = self._now._replace(manifest=manifest, view=view)
        dead = [number for segment in built for number in segment.dead_numbers()]
        self._store.settle(manifest.generation, merge.first, merge.last, dead)

    def info(self) -> dict[str, Any]:
        """How it is stored, what recall it promises and what was measured."""
        return describe(self._now, self.shape, self._keeper.fault)

    def close(self) -> None:
        """Let go of the files; everything acknowledged is on disk already."""
        self._keeper.close()
        self._store.close()
        self._release()

    def _release(self) -> None:
        if self._lock_file is not None:
            self._lock_file.close()


def _scored_anew(vectors: np.ndarray, numbers: np.ndarray, exact: dict[int, np.ndarray]) -> np.ndarray:
    scores = np.full(numbers.shape, -np.inf, dtype=np.float32)
    for row, found in enumerate(numbers.tolist()):
        for column, number in enumerate(found):
            if number in exact:
                scores[row, column] = vectors[row] @ exact[number]
    return scores


def _hits(scores: np.ndarray, numbers: np.ndarray, passages: dict[int, Passage], scope: Scope) -> list[Hit]:
    """The k best that are still there, checked once more against the languages asked for."""
    found = [
        (-score, number, passages[number])
        for score, number in zip(scores.tolist(), numbers.tolist(), strict=True)
        if number in passages and (scope.languages is None or passages[number].language in scope.languages)
    ]
    return [Hit(passage, round(-score, 6)) for score, _, passage in sorted(found, key=lambda hit: hit[:2])[: scope.k]]
