"""Which passages of a batch are new: repeats are rejected, what is stored just so is skipped."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from index.collection import Collection
from index.jobs.checking import Rejection
from index.jobs.dead_letters import letter
from index.jobs.ledger import Ledger, Seen, seen_key
from index.jobs.reading import Item
from index.jobs.state import Position
from index.jobs.tally import Tally
from index.passages import Passage
from index.readers.rows import Source

__all__ = ["Batch", "Sifter", "content_hash"]

_IDS_AT_ONCE = 1000


@dataclass(slots=True)
class Batch:
    """Rows that are written and entered together.

    passages: to be written. vectors: of those encoded already. seen: ids for the ledger. letters: rejected rows.
    """

    end: Position
    at: int = 0
    passages: list[Passage] = field(default_factory=list)
    vectors: dict[str, tuple[np.ndarray, bool]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    letters: list[dict[str, Any]] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)


def content_hash(passage: Passage, fingerprint: str) -> bytes:
    """What decides a passage's vector and what is stored with it: 16 bytes.

    Over id, searchable text, title, metadata, language and the encoder's fingerprint.
    """
    facts = [passage.id, passage.searchable, passage.title, passage.metadata, passage.language, fingerprint]
    body = json.dumps(facts, ensure_ascii=False, sort_keys=True)
    return hashlib.blake2b(body.encode(), digest_size=16).digest()


class Sifter:
    """Compares batches with the collection and with the ids seen before, also those still under way."""

    def __init__(self, collection: Collection, ledger: Ledger, sources: Sequence[Source]) -> None:
        self._collection, self._ledger, self._sources = collection, ledger, sources
        self._under_way: dict[str, tuple[int, int]] = {}
        self._lock = threading.Lock()

    def sift(self, groups: Iterator[list[Item]]) -> Iterator[Batch]:
        """Yield a batch for each group of rows; `written` must be told of each that is durable."""
        for items in groups:
            batch = Batch(items[-1].end, items[-1].checked.row.at)
            fresh = self._distinct(items, batch)
            stored = self._stored([passage.id for passage in fresh])
            for passage in fresh:
                if passage.id in stored and self._is_same(passage, stored[passage.id]):
                    batch.tally.add("skipped", [passage.language])
                else:
                    batch.passages.append(passage)
                    batch.tally.add("written", [passage.language])
            yield batch

    def written(self, batch: Batch) -> None:
        """A batch stands in the ledger: its ids need not be remembered here."""
        with self._lock:
            for passage in batch.passages:
                self._under_way.pop(passage.id, None)

    def _distinct(self, items: Sequence[Item], batch: Batch) -> list[Passage]:
        """The passages whose ids no earlier row has; everything rejected goes to the batch's letters."""
        # Those under way first: what leaves them meanwhile is in the ledger by then.
        with self._lock:
            known = dict(self._under_way)
        known |= self._ledger.seen(passage.id for item in items for passage in item.checked.passages)
        fresh = []
        for item in items:
            for passage in item.checked.passages:
                if passage.id in known:
                    self._reject(item, self._repeated(passage, known[passage.id]), batch)
                    continue
                known[passage.id] = (item.end.source, item.checked.row.number)
                batch.seen.append((seen_key(passage.id), item.end.source, item.checked.row.number, True))
                fresh.append(passage)
                if passage.id in item.vectors:
                    batch.vectors[passage.id] = item.vectors[passage.id]
            for rejection in item.checked.rejections:
                self._reject(item, rejection, batch)
        with self._lock:
            self._under_way |= {passage.id: known[passage.id] for passage in fresh}
        return fresh

    def _repeated(self, passage: Passage, first: tuple[int, int]) -> Rejection:
        source, row = self._sources[first[0]].name, first[1]
        reason = f"The id {passage.id[:80]!r} stands in {source}, line {row}, already; that one is kept."
        return Rejection(reason, passage.language, passage.id, passage.text[:200])

    def _reject(self, item: Item, rejection: Rejection, batch: Batch) -> None:
        source, row = item.end.source, item.checked.row
        batch.letters.append(letter(self._sources[source].name, row, rejection))
        batch.tally.add("rejected", [rejection.language])
        if rejection.id is None:
            batch.tally.unidentified += 1
        else:
            batch.seen.append((seen_key(rejection.id), source, row.number, False))

    def _stored(self, ids: Sequence[str]) -> dict[str, Passage]:
        stored: dict[str, Passage] = {}
        for start in range(0, len(ids), _IDS_AT_ONCE):
            stored |= self._collection.get(ids[start : start + _IDS_AT_ONCE])
        return stored

    def _is_same(self, passage: Passage, stored: Passage) -> bool:
        fingerprint = self._collection.encoder.fingerprint
        return content_hash(passage, fingerprint) == content_hash(stored, fingerprint)
