"""What a stage and a recipe hand down to the training of a static encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.training.test_train import BUCKETS
from training.recipe import Recipe
from training.train import train


def recipe(stage: dict[str, Any], **more: Any) -> Recipe:
    values = {
        "name": "tiny",
        "buckets": BUCKETS,
        "model": {"kind": "static", "dimension": 8, "aligned_start": 0, "maximum_unknown": 0.3},
        "vocabulary": {"pieces": 300, "sample": 1000},
        "batch_size": 8,
        "validation": {"groups": 0},
        "stages": [{"steps": 4, **stage}],
    }
    return Recipe.model_validate({**values, **more})


# A static encoder has nothing that bfloat16 changes but the matrix of scores.
@pytest.mark.parametrize("changed", [recipe({"adam_beta2": 0.5}), recipe({}, precision="bfloat16")])
def test_a_setting_changes_the_training_and_the_same_again_does_not(
    data: Path, tmp_path: Path, changed: Recipe
) -> None:
    weights = []
    for name, given in (("plain", recipe({})), ("changed", changed), ("again", changed)):
        run = train(given, data, tmp_path / name)
        weights.append(next((run / "model").rglob("model.safetensors")).read_bytes())
    assert weights[0] != weights[1] == weights[2]
