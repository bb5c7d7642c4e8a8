"""From files to a view: the sound segments, and everything else replayed from SQLite."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import NamedTuple

from index.local.manifest import MANIFEST, Manifest
from index.local.segment import Segment
from index.local.store import PassageStore
from index.local.tail import Tail
from index.local.view import View

__all__ = ["Opened", "open_view", "remove_strangers"]

log = logging.getLogger(__name__)

_TRIES = 5


class Opened(NamedTuple):
    """A view with the manifest it comes from, the last number it knows, and what had to be made anew and why."""

    manifest: Manifest
    view: View
    last: int
    rebuilt: list[str]


def open_view(store: PassageStore, folder: Path, dimension: int, before: Opened | None = None) -> Opened:
    """Map the sound segments in a folder of vectors and replay what they do not hold.

    before: what a reading process opened last; its segments need no second check.
    """
    for _ in range(_TRIES):
        opened = _open_once(store, folder, dimension, before)
        # A writing process may have put newer segments in place while the older ones were read.
        if Manifest.read(folder)[0].generation <= opened.manifest.generation:
            break
    for fault in opened.rebuilt:
        log.warning("Collection %s: %s; made anew from the database, nothing is lost.", folder.parent.name, fault)
    return opened


def _open_once(store: PassageStore, folder: Path, dimension: int, before: Opened | None) -> Opened:
    manifest, fault = Manifest.read(folder)
    faults = [] if fault is None else [fault]
    forgotten = store.counter("generation")
    if manifest.generation < forgotten:
        # SQLite has forgotten dropped passages that these segments may hold alive.
        faults = faults or [f"{folder / MANIFEST} is missing or older than the database"]
        manifest = Manifest(generation=forgotten)
    last = store.counter("last_number")
    if before is not None and before.manifest == manifest:
        view, gaps = before.view, [(before.last + 1, last)]
    else:
        segments = _load(folder, manifest, before, faults)
        manifest = manifest.model_copy(update={"segments": [segment.facts for segment in segments]})
        view, gaps = View(tuple(segments), Tail(dimension)), list(manifest.gaps(last))
    for first, end in gaps:
        for rows in store.rows(first, end, dimension):
            view = view.changed(rows, {})
    return Opened(manifest, view.changed(None, store.dropped()), last, faults)


def _load(folder: Path, manifest: Manifest, before: Opened | None, faults: list[str]) -> list[Segment]:
    """The segments that are as they were written; what is wrong with the others goes to faults."""
    known = {} if before is None else {segment.facts.name: segment for segment in before.view.segments}
    loaded = []
    for facts in manifest.segments:
        wrong = [] if facts.name in known else facts.faults(folder)
        faults += wrong
        if not wrong:
            loaded.append(known.get(facts.name) or Segment.load(folder, facts))
    return loaded


def remove_strangers(folder: Path) -> None:
    """Remove what a killed process left in a folder of vectors: files that its manifest does not name."""
    if not folder.is_dir():
        return
    known = {facts.name for facts in Manifest.read(folder)[0].segments} | {MANIFEST}
    for path in folder.iterdir():
        if path.name not in known:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
