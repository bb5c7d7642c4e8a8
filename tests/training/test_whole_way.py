"""From a model and groups to an answer over HTTP, through a kill."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

from service.app import create_app
from service.settings import Settings
from tests.training.close_ranks import allow_close_ranks
from tests.training.tiny import tiny_labse, tiny_xlmr
from tests.training.whole_way import demo_recipe, train_killed_once, write_demo_groups
from training.export import export
from training.models import load_model
from training.progress import read_log
from training.train import train


@pytest.mark.parametrize(("make", "alpha"), [(tiny_xlmr, 0.5), (tiny_labse, 0.0)])
def test_trained_killed_gone_on_with_exported_and_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], Path], alpha: float
) -> None:
    allow_close_ranks(monkeypatch)
    write_demo_groups(tmp_path / "data")
    recipe = demo_recipe(make(tmp_path / "base"), steps=30, alpha=alpha)
    run = train_killed_once(recipe, tmp_path / "data", tmp_path / "run")
    whole = train(recipe, tmp_path / "data", tmp_path / "whole")
    texts = ["Warum gibt es Ebbe und Flut?", "น้ำขึ้นน้ำลง"]
    vectors = [np.asarray(load_model(folder / "model").encode(texts)) for folder in (run, whole)]
    assert np.allclose(*vectors, atol=1e-5), "the kill left no trace"
    assert [row["step"] for row in read_log(run)] == list(range(1, 31))
    export(run, tmp_path / "tiny", "int8")
    settings = Settings(data=tmp_path / "served", encoder=str(tmp_path / "tiny"), threads=1)
    with TestClient(create_app(settings)) as client:
        answer = client.post("/search", json={"query": texts[0], "k": 3, "languages": ["th"]})
    assert answer.status_code == 200, answer.text
    assert [hit["language"] for hit in answer.json()["hits"]] == ["th"] * 3
