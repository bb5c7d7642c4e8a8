"""The static encoder's own parts: dropped pieces, and what a stage hands down."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from tokenizers import Tokenizer, models, pre_tokenizers

from tests.training.test_train import BUCKETS
from training.recipe import Recipe
from training.static import WeightedStaticEmbedding
from training.train import train


@pytest.fixture
def static() -> WeightedStaticEmbedding:
    words = {"<unk>": 0, **{f"w{number}": number for number in range(1, 200)}}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    module = WeightedStaticEmbedding(tokenizer, 2, np.ones(200), False, 512)
    torch.nn.init.ones_(module.embedding.weight)
    return module


def test_pieces_fall_silent_in_training_only(static: WeightedStaticEmbedding) -> None:
    text = " ".join(f"w{number}" for number in range(1, 200))
    static.piece_dropout = 0.4
    with torch.no_grad():
        kept = float(static(static.preprocess([text]))["sentence_embedding"][0, 0])
        whole = float(static.eval()(static.preprocess([text]))["sentence_embedding"][0, 0])
    assert whole == 199
    assert abs(kept - 0.6 * 199) < 5 * np.sqrt(199 * 0.4 * 0.6)


def _recipe(**stage: float) -> Recipe:
    values = {
        "name": "tiny",
        "buckets": BUCKETS,
        "model": {"kind": "static", "dimension": 8, "aligned_start": 0, "maximum_unknown": 0.3},
        "vocabulary": {"pieces": 300, "sample": 1000},
        "batch_size": 8,
        "validation": {"groups": 0},
        "stages": [{"steps": 4, **stage}],
    }
    return Recipe.model_validate(values)


@pytest.mark.parametrize("stage", [{"piece_dropout": 0.5}, {"adam_beta2": 0.5}])
def test_a_stage_hands_it_to_the_training(data: Path, tmp_path: Path, stage: dict[str, float]) -> None:
    weights = []
    for name, given in (("plain", {}), ("changed", stage), ("again", stage)):
        run = train(_recipe(**given), data, tmp_path / name)
        weights.append(next((run / "model").rglob("model.safetensors")).read_bytes())
    assert weights[0] != weights[1] == weights[2]


def test_only_static_models_drop_pieces() -> None:
    values = _recipe(piece_dropout=0.5).model_dump()
    values["model"] = {"kind": "scratch", "dimension": 16, "heads": 2}
    with pytest.raises(ValidationError, match="only static models have"):
        Recipe.model_validate(values)
