"""Sealing what stands in memory into segments, merging segments, and taking snapshots of them: one at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from index.local.build import Shape, build_segment
from index.local.compaction import next_merge
from index.local.keeper import Keeper
from index.local.opening import remove_strangers
from index.local.segment import Segment
from index.local.snapshot import write_snapshot
from index.local.state import State

__all__ = ["Sealer"]

_BULK_BYTES = 512 * 2**20
"""Vectors that may stand in memory while many batches are written. Sealed each 10,000, a million passages are linked
some five times over; with nothing sealed before the end, the memory a job takes would grow with its rows."""


class Sealer:
    """Keeps the derived files of one collection in shape, in a thread of its own.

    shape: how segments are made.
    """

    def __init__(self, state: State, shape: Shape) -> None:
        self._state, self._shape = state, shape
        self._one_at_a_time = threading.RLock()
        self._bulk = 0
        self._keeper = Keeper(state.vectors.parent.name, self.compact)

    @property
    def fault(self) -> str | None:
        """Why sealing failed last; None when it did not."""
        return self._keeper.fault

    def wake(self) -> None:
        """Something was written: seal in the background when it is due."""
        if next_merge(self._state.view, self._state.now.last, self._seal_at()):
            self._keeper.wake()

    def _seal_at(self) -> int:
        """Rows in memory that make a segment."""
        dimension = self._state.dimension
        rows = _BULK_BYTES // (4 * dimension) if self._bulk else 0
        return max(rows, self._shape.exact_rows(dimension))

    @contextmanager
    def bulk(self) -> Iterator[None]:
        """While this lasts little is sealed (`_BULK_BYTES`); what waits is sealed at its end: few are linked twice."""
        self._bulk += 1
        try:
            yield
        finally:
            self._bulk -= 1
        self.compact()

    def compact(self, is_full: bool = False) -> None:
        """Seal and merge as far as it is due; is_full: everything into one segment."""
        with self._one_at_a_time:
            while self._compact_once(is_full) and not is_full:
                pass

    def _compact_once(self, is_full: bool) -> bool:
        state, now = self._state, self._state.now
        merge = next_merge(now.view, now.last, self._seal_at(), is_full)
        if merge is None:
            return False
        facts = build_segment(state.store, state.vectors, merge.first, merge.last, state.dimension, self._shape)
        state.replace(merge, [] if facts is None else [Segment.load(state.vectors, facts)])
        remove_strangers(state.vectors)
        return True

    def snapshot(self, target: Path) -> None:
        """Write a snapshot to a folder that is not there yet."""
        with self._one_at_a_time:
            write_snapshot(self._state.store.database, self._state.vectors, target)

    def close(self) -> None:
        """Wait for what is under way and stop."""
        self._keeper.close()
