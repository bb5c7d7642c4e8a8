"""How a stage does on groups it does not learn from.

InfoNCE is computed for every example of a fixed set of monolingual and cross-lingual batches
and kept by language pair. The loss that decides (early stopping, best checkpoint) is the mean
of the regimes' means, so that neither regime wins by having more examples.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from index.errors import InvalidInput
from training.batches import Batch, HybridBatches
from training.pair_dataset import PairDataset, Rows
from training.pairs import PairTable
from training.recipe import Stage
from training.sampler import draw_rows

__all__ = ["DECIDING", "Validation"]

DECIDING = "validation_loss"
"""Name of the loss that decides."""

_BATCHES = 16
"""Fixed batches per regime."""


class Validation:
    """The fixed batches of one stage; call it with the model for its losses.

    batch_size: pairs per batch. collate: the trainer's collator.
    Raises InvalidInput when the held-out groups give no batch of either regime.
    """

    def __init__(
        self,
        table: PairTable,
        inputs: PairDataset,
        stage: Stage,
        batch_size: int,
        collate: Callable[[Any], dict[str, Any]],
    ) -> None:
        self.table, self.inputs, self.stage, self.collate = table, inputs, stage, collate
        self.batches = [*_fixed(table, stage, batch_size, 1.0), *_fixed(table, stage, batch_size, 0.0)]
        if not self.batches:
            raise InvalidInput(
                "The validation groups give neither a monolingual nor a cross-lingual batch; "
                "raise validation.groups, name validation.sources, or set validation.groups to 0."
            )

    def __call__(self, model: SentenceTransformer) -> dict[str, float]:
        """Losses by regime and by language pair, such as "validation_loss/de→th", in nats."""
        by_regime, by_pair = defaultdict[str, list[float]](list), defaultdict[str, list[float]](list)
        was_training = model.training
        model.eval()
        for batch, rows in self.batches:
            losses = self._losses(model, rows)
            by_regime[batch.regime] += losses
            for loss, asked, told in zip(losses, batch.question_languages, batch.passage_languages, strict=True):
                by_pair[f"{self.table.languages[asked]}→{self.table.languages[told]}"].append(loss)
        model.train(was_training)
        means = {regime: float(np.mean(losses)) for regime, losses in by_regime.items()}
        return {
            DECIDING: float(np.mean(list(means.values()))),
            **{f"{DECIDING}/{name}": value for name, value in means.items()},
            **{f"{DECIDING}/{name}": float(np.mean(losses)) for name, losses in sorted(by_pair.items())},
        }

    def _losses(self, model: SentenceTransformer, rows: Rows) -> list[float]:
        """InfoNCE of every example, negatives from the batch."""
        features = self.collate(self.inputs.__getitems__(rows))
        with torch.no_grad():
            questions, passages = (_embed(model, features, f"{name}_") for name in ("question", "passage"))
            scores = questions.float() @ passages.float().T / self.stage.temperature
            targets = torch.arange(len(scores), device=scores.device)
            return list(torch.nn.functional.cross_entropy(scores, targets, reduction="none").tolist())


def _fixed(table: PairTable, stage: Stage, batch_size: int, alpha: float) -> list[tuple[Batch, Rows]]:
    """The first batches of one regime; none when the groups have no pair for it."""
    held = {table.buckets[number] for number in np.unique(table.bucket_of)}
    # Groups from sources of their own stand in a bucket that no stage weighs.
    weights = stage.weights if held & set(stage.weights or ()) else None
    drawn = Stage(alpha=alpha, weights=weights, bucket_temperature=stage.bucket_temperature)
    try:
        batches = HybridBatches(table, batch_size, drawn)
    except InvalidInput:
        return []
    steps = draw_rows(batches, seed=0)
    return [next(steps)[0] for _ in range(_BATCHES)]


def _embed(model: SentenceTransformer, features: dict[str, Any], prefix: str) -> torch.Tensor:
    """Vectors of one column: (n, dim), L2-normalised."""
    moved = {
        key.removeprefix(prefix): value.to(model.device) if isinstance(value, torch.Tensor) else value
        for key, value in features.items()
        if key.startswith(prefix)
    }
    return torch.nn.functional.normalize(model(moved)["sentence_embedding"], dim=1)
