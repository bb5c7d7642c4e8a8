"""The batches of a stage as the batch sampler of a SentenceTransformerTrainer."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
from sentence_transformers.base.sampler import DefaultBatchSampler

from training.batches import Batch, HybridBatches
from training.hard_negatives import draw_negatives
from training.pair_dataset import Rows

__all__ = ["HybridBatchSampler", "draw_rows"]


def draw_rows(batches: HybridBatches, seed: int, processes: int = 1) -> Iterator[list[tuple[Batch, Rows]]]:
    """Yield one step's batches, one for each process, each with its rows; without end.

    The same seed gives the same rows: a run that goes on from a checkpoint draws what it would have drawn.
    Stages of other names draw others.
    """
    negatives = batches.stage.hard_negatives
    mixed = np.random.SeedSequence([seed, zlib.crc32(batches.stage.name.encode())])
    for_batches, for_negatives = mixed.spawn(2)
    rng = np.random.default_rng(for_negatives)
    for step in batches.draw(for_batches, processes):
        if negatives:
            drawn = [draw_negatives(batches.table, batch, negatives, rng) for batch in step]
            shortest = min(len(batch) for batch, _ in drawn)
            if not shortest:
                continue
            drawn = [(batch.part(slice(shortest)), rows[:shortest]) for batch, rows in drawn]
        else:
            drawn = [(batch, np.empty((len(batch), 0), dtype=np.int64)) for batch in step]
        yield [(batch, _rows(batch, lost)) for batch, lost in drawn]


def _rows(batch: Batch, negatives: np.ndarray) -> Rows:
    columns = np.column_stack([batch.question_rows, batch.passage_rows, negatives])
    rows = Rows(map(tuple, columns.tolist()))
    rows.regime = batch.regime
    return rows


class HybridBatchSampler(DefaultBatchSampler):  # type: ignore[misc]
    """Deals a stage's batches; hand it over as `functools.partial(HybridBatchSampler, batches=…, steps=…)`.

    A stage is one epoch of `steps` batches for each process, so that decks of groups are never reshuffled early.
    processes: how many share the batches; they come one after the other, as Accelerate deals them.
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int,
        drop_last: bool,
        *,
        batches: HybridBatches,
        steps: int,
        processes: int = 1,
        **rest: Any,
    ) -> None:
        super().__init__(dataset, batch_size=batch_size, drop_last=drop_last, **rest)
        self.batches, self.steps, self.processes = batches, steps, processes
        # Accelerate drops a batch that is shorter than this where there are several processes.
        self.batch_size = None

    def __len__(self) -> int:
        return self.steps * self.processes

    def __iter__(self) -> Iterator[Rows]:
        for step in islice(draw_rows(self.batches, self.seed, self.processes), self.steps):
            yield from (rows for _, rows in step)
