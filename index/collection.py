"""A collection: passages, their vectors and the encoder that made them.

Writes go to SQLite first (`store.py`) and to FAISS (`vectors.py`) only when they are on
disk; opening a collection rebuilds FAISS from SQLite. One process may write at a time,
held by a lock on a file.
"""

from __future__ import annotations

import fcntl
import threading
from collections import Counter
from collections.abc import Collection as Collected
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np

from index.answer import Answer, Hit
from index.bias import language_shares
from index.encoder import Encoder
from index.errors import CollectionInUse, EncoderMismatch, InvalidInput, NotFound, StorageUnavailable
from index.languages import decide_language, language_codes
from index.passages import Passage, require_unique
from index.store import PassageStore
from index.vectors import LanguageVectors

__all__ = ["DATABASE", "MAX_HITS", "Added", "Collection"]

MAX_HITS = 1000
"""Most hits one search may ask for."""

DATABASE, LOCK = "passages.db", "writer.lock"


@dataclass(frozen=True, slots=True)
class Added:
    """What an upsert stored: passages by language, and the ids of those the encoder cut short."""

    by_language: dict[str, int]
    truncated: list[str]


class Collection:
    """One collection on disk, open.

    folder: where it lives; made when absent, unless read_only.
    allowed: closed list of languages for detecting a query's language; None means any.
    Raises CollectionInUse when another process writes to it, EncoderMismatch when another
    encoder filled it, DamagedCollection when its database is not sound, NotFound when it is
    absent and read_only.
    """

    def __init__(
        self, folder: Path, encoder: Encoder, read_only: bool = False, allowed: Collected[str] | None = None
    ) -> None:
        self.folder, self.encoder, self.allowed = folder, encoder, allowed
        if read_only and not (folder / DATABASE).is_file():
            raise NotFound(f"There is no collection {folder.name!r}.", collection=folder.name)
        self._lock = threading.RLock()
        self._writer = None if read_only else _claim(folder)
        facts = {"encoder": encoder.name, "fingerprint": encoder.fingerprint, "dimension": str(encoder.dimension)}
        try:
            self._store = PassageStore(folder / DATABASE, facts, read_only)
            self._require_encoder()
            self._vectors = LanguageVectors(encoder.dimension)
            for numbers, languages, vectors in self._store.vectors(encoder.dimension):
                self._vectors.put(numbers, languages, vectors)
        except BaseException:
            self._release()
            raise

    @property
    def name(self) -> str:
        """The collection's name."""
        return self.folder.name

    def _require_encoder(self) -> None:
        facts = self._store.facts()
        if facts.get("fingerprint") != self.encoder.fingerprint:
            raise EncoderMismatch(
                f"Collection {self.name!r} was filled by encoder {facts.get('encoder')!r} "
                f"({str(facts.get('fingerprint'))[:12]}), but the encoder loaded is {self.encoder.name!r} "
                f"({self.encoder.fingerprint[:12]}). Load that encoder (ISOGLOT_ENCODER) or use another collection.",
                collection=self.name,
                filled_by=facts.get("encoder"),
                fingerprint=facts.get("fingerprint"),
                loaded=self.encoder.name,
            )

    def counts(self) -> dict[str, int]:
        """Language → number of passages."""
        with self._lock:
            return self._vectors.counts()

    def upsert(self, passages: Sequence[Passage]) -> Added:
        """Store passages, replacing those whose id is known; all or none, on disk when this returns.

        Raises InvalidInput for an id given twice.
        """
        require_unique(passage.id for passage in passages)
        if not passages:
            return Added({}, [])
        embedded = self.encoder.embed([passage.searchable for passage in passages], "passage")
        with self._lock:
            numbers = self._store.upsert(passages, embedded.vectors)
            languages = [passage.language for passage in passages]
            self._vectors.put(np.array(numbers, dtype=np.int64), languages, embedded.vectors)
        cut = [passage.id for passage, is_cut in zip(passages, embedded.truncated, strict=True) if is_cut]
        return Added(dict(sorted(Counter(languages).items())), cut)

    def delete(self, ids: Sequence[str]) -> int:
        """Remove passages by id and return how many there were."""
        with self._lock:
            numbers = self._store.delete(ids)
            self._vectors.remove(numbers)
        return len(numbers)

    def search(
        self, query: str, k: int = 10, languages: Sequence[str] | None = None, query_language: str | None = None
    ) -> Answer:
        """Find the k passages nearest to a query, whatever its language and theirs.

        languages: only passages in these; None means all. query_language: None has it detected.
        Raises InvalidInput for a blank query or k out of range, UnknownLanguage for a code that
        is not BCP 47 or in which the collection has no passage.
        """
        if not 1 <= k <= MAX_HITS:
            raise InvalidInput(f"k is {k}; it must be from 1 to {MAX_HITS}.", k=k, limit=MAX_HITS)
        asked = decide_language(query, query_language, self.allowed)
        embedded = self.encoder.embed([query], "query")
        with self._lock:
            counts = self._vectors.counts()
            searched = list(counts) if languages is None else language_codes(languages, counts)
            if languages is not None and not searched:
                raise InvalidInput("languages is an empty list; leave it out to search all, or name at least one.")
            found = self._vectors.search(embedded.vectors[0], k, searched)
            passages = self._store.get([number for number, _, _ in found])
        hits = [Hit(passages[number], round(score, 6)) for number, _, score in found]
        shares = language_shares([code for _, code, _ in found], {code: counts[code] for code in searched})
        return Answer(hits, asked, searched, shares, bool(embedded.truncated[0]))

    def close(self) -> None:
        """Let go of the files; everything acknowledged is on disk already."""
        with self._lock:
            self._store.close()
            self._release()

    def _release(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _claim(folder: Path) -> IO[bytes]:
    """Take the writer's lock; the kernel gives it back when the process dies."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / LOCK).open("ab")
    except OSError as error:
        raise StorageUnavailable(f"Collection {folder.name!r} cannot be written: {error}.", path=str(folder)) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise CollectionInUse(
            f"Collection {folder.name!r} is open for writing in another process. Stop that process, or send the "
            "passages to the running service (POST /collections/NAME/passages).",
            collection=folder.name,
        ) from error
    return lock
