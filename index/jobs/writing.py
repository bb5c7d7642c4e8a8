"""Batches into the collection and the ledger, so that a kill at any moment loses none and counts none twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np

from index.collection import Collection
from index.encoder import Embedded, Encoder
from index.errors import IsoglotError
from index.jobs.dead_letters import DeadLetters
from index.jobs.ledger import Ledger
from index.jobs.sifting import Batch, Sifter
from index.jobs.state import JobState

__all__ = ["Encoded", "JobStopped", "Report", "encode", "write"]

Report = Callable[[JobState], None]
"""Is told the state after each batch and at each step."""

Encoded = tuple[Batch, Embedded | None]
"""A batch and its passages' vectors; None for one with nothing to write."""


class JobStopped(IsoglotError):
    """The job was stopped on request; the same command goes on."""

    code = "job_stopped"


def encode(batches: Iterator[Batch], encoder: Encoder) -> Iterator[Encoded]:
    """Yield batches with vectors, encoding what no engine has encoded yet."""
    for batch in batches:
        if not batch.passages:
            yield batch, None
            continue
        left = [passage for passage in batch.passages if passage.id not in batch.vectors]
        if left:
            embedded = encoder.embed([passage.searchable for passage in left], "passage")
            if len(left) == len(batch.passages):
                yield batch, embedded
                continue
            told = zip(embedded.vectors, embedded.truncated, strict=True)
            batch.vectors |= {passage.id: (v, bool(c)) for passage, (v, c) in zip(left, told, strict=True)}
        found = [batch.vectors[passage.id] for passage in batch.passages]
        vectors = np.stack([vector for vector, _ in found]).astype(np.float32)
        # Tokens are counted by engines that encode here only; nobody reads them behind this point.
        yield batch, Embedded(vectors, np.zeros(len(found), np.int64), np.array([cut for _, cut in found]))


def write(
    batches: Iterator[Encoded],
    collection: Collection,
    ledger: Ledger,
    letters: DeadLetters,
    sifter: Sifter,
    fraction: Callable[[Batch], float | None],
    report: Report,
    stop: threading.Event,
) -> None:
    """Write batches as they come; raises JobStopped between two when asked to.

    fraction: how much of the sources has been read behind a batch.
    """
    started, before = time.monotonic(), ledger.state.seconds
    for batch, embedded in batches:
        if stop.is_set():
            raise JobStopped("The job was stopped; the same command goes on.", job=ledger.state.id)
        if embedded is not None:
            batch.tally.truncated = int(embedded.truncated.sum())
        pending = ledger.state.pending
        if pending is not None and pending.end == batch.end:
            batch.tally = pending.tally  # what part of it was written before the kill is new all the same
        else:
            ledger.intend(batch.end, batch.tally)
        if embedded is not None:
            collection.upsert(batch.passages, embedded)
        size = letters.append(batch.letters)
        seconds = before + time.monotonic() - started
        ledger.commit(batch.end, batch.tally, batch.seen, size, seconds=seconds, fraction=fraction(batch))
        sifter.written(batch)
        report(ledger.state)
