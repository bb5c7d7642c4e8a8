"""What a local collection holds at this moment, and the one place where it changes.

SQLite first, then the view: a failure in between leaves memory behind the disk, never ahead of it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from index.local.batch import multiply_batches
from index.local.compaction import Merge
from index.local.gpu import Gpu, on_gpu
from index.local.manifest import Manifest
from index.local.opening import Opened, open_view
from index.local.segment import Segment
from index.local.store import PassageStore, Rows
from index.local.view import View
from index.passages import Passage

__all__ = ["State"]


class State:
    """The database, the derived files in a folder, and the view made of both.

    now: replaced as a whole by every change, so that whoever reads it needs no lock. gpu: where the largest
    parts are kept too; None for the processor alone.
    """

    def __init__(self, store: PassageStore, vectors: Path, gpu: Gpu | None = None) -> None:
        self.store, self.vectors, self._gpu, self._share = store, vectors, gpu, object()
        self.dimension = int(store.facts()["dimension"])
        multiply_batches(self.dimension)
        self.writing = threading.RLock()
        self.now = self._opened()

    def _opened(self, before: Opened | None = None) -> Opened:
        opened = open_view(self.store, self.vectors, self.dimension, before)
        view = opened.view
        return opened._replace(view=View(on_gpu(view.segments, self._gpu, self._share), view.tail))

    @property
    def view(self) -> View:
        """What a search sees."""
        return self.now.view

    def refresh(self) -> None:
        """Take over what another process has written since this was asked last."""
        if self.store.database.has_changed():
            with self.writing:
                self.now = self._opened(self.now)

    def upsert(self, passages: Sequence[Passage], vectors: np.ndarray) -> None:
        """Store passages with their vectors, all or none, on disk on return."""
        with self.writing:
            numbers, replaced = self.store.upsert(passages, vectors)
            rows = Rows(numbers, [passage.language for passage in passages], np.asarray(vectors, dtype=np.float32))
            self.now = self.now._replace(view=self.view.changed(rows, replaced), last=int(numbers[-1]))

    def delete(self, ids: Sequence[str]) -> int:
        """Remove passages by id and return how many there were."""
        with self.writing:
            dropped = self.store.delete(ids)
            self.now = self.now._replace(view=self.view.changed(None, dropped))
        return sum(map(len, dropped.values()))

    def replace(self, merge: Merge, built: list[Segment]) -> None:
        """Put what was built in the place of what it was built from; passages dropped meanwhile are dead in it."""
        with self.writing:
            dropped = self.store.dropped(merge.first, merge.last)
            built = [segment.without(dropped) for segment in built]
            kept = [segment for segment in self.view.segments if segment.facts.name not in merge.replaces]
            segments = on_gpu((*kept, *built), self._gpu, self._share)
            facts = [segment.facts for segment in segments]
            manifest = Manifest(generation=self.now.manifest.generation + 1, segments=facts)
            self.vectors.mkdir(exist_ok=True)
            manifest.write(self.vectors)
            view = View(segments, self.view.tail.behind(merge.last))
            self.now = self.now._replace(manifest=manifest, view=view)
            dead = [number for segment in built for number in segment.dead_numbers()]
            self.store.settle(manifest.generation, merge.first, merge.last, dead)

    def close(self) -> None:
        """Leave the GPU to others."""
        if self._gpu is not None:
            self._gpu.budget.give_back(self._share)
