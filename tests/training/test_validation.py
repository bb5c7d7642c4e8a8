"""Validation losses against a reference."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from index.errors import InvalidInput
from tests.training.tables import parallel_table
from training.groups import Group
from training.pair_dataset import PairDataset
from training.pairs import PairTable
from training.recipe import Stage
from training.validation import DECIDING, Validation


class Fixed(torch.nn.Module):
    """Gives each text a vector of its own, by its number among the texts."""

    device = torch.device("cpu")

    def __init__(self, texts: int) -> None:
        super().__init__()
        self.vectors = torch.nn.functional.normalize(torch.randn(texts, 8, generator=torch.Generator().manual_seed(0)))

    def forward(self, features: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return {"sentence_embedding": self.vectors[features["input_ids"]]}


def test_losses_are_infonce_by_regime_and_pair() -> None:
    table = parallel_table(12, ["de", "th"])
    number = {text: n for n, text in enumerate(table.texts.to_pylist())}

    def collate(examples: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            f"{name}_input_ids": torch.tensor([number[row[name]] for row in examples])
            for name in ("question", "passage")
        }

    model = Fixed(len(number))
    validation = Validation(table, PairDataset.of(table.texts), Stage(temperature=0.5), 6, collate)
    losses = validation(model)  # type: ignore[arg-type]
    expected: dict[str, list[float]] = {}
    for batch, rows in validation.batches:
        vectors = model.vectors.numpy()
        scores = vectors[[q for q, _ in rows]] @ vectors[[p for _, p in rows]].T / 0.5
        found = np.log(np.exp(scores).sum(axis=1)) - np.diag(scores)
        expected.setdefault(batch.regime, []).extend(found.tolist())
    means = {regime: np.mean(values) for regime, values in expected.items()}
    assert set(means) == {"monolingual", "cross-lingual"}
    for regime, mean in means.items():
        assert losses[f"{DECIDING}/{regime}"] == pytest.approx(mean, rel=1e-5)
    assert losses[DECIDING] == pytest.approx(np.mean(list(means.values())), rel=1e-5)
    assert {f"{DECIDING}/{pair}" for pair in ("de→de", "de→th", "th→de", "th→th")} <= set(losses)


def test_groups_of_sources_of_their_own_need_no_weight() -> None:
    table = parallel_table(12, ["de", "th"])
    stage = Stage(weights={"train": 1.0})
    only_held = replace(table, buckets=["train", "validation"], bucket_of=np.ones(12, dtype=np.int16))
    assert Validation(only_held, PairDataset.of(table.texts), stage, 4, dict).batches
    both = replace(only_held, bucket_of=np.arange(12, dtype=np.int16) % 2)
    assert {batch.bucket for batch, _ in Validation(both, PairDataset.of(table.texts), stage, 4, dict).batches} == {
        "train"
    }


def test_groups_without_pairs_are_told() -> None:
    table = PairTable.pack({"one": [Group("1", {"de": "x"}, {"de": "x"})]})
    with pytest.raises(InvalidInput, match=r"validation\.groups"):
        Validation(table, PairDataset.of(table.texts), Stage(), 4, dict)
