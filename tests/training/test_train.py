"""Runs on tiny models: every regime and loss, and every way to be interrupted."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from index.errors import Conflict, InvalidInput, StorageUnavailable
from tests.training.tiny import tiny_labse, tiny_transformer, tiny_xlmr
from training.groups import Group, write_groups
from training.interrupt import Interrupted
from training.models import load_model
from training.progress import read_log
from training.recipe import Recipe
from training.train import OutOfMemory, train
from training.trainer import HybridTrainer, NotFinite

TEXTS = ["moon tide 3", "พระจันทร์ น้ำ", "луна"]
BUCKETS = [{"name": "prose", "sources": ["parallel"]}, {"name": "qa", "sources": ["qa", "sections"]}]


@pytest.fixture(scope="module")
def xlmr(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_xlmr(tmp_path_factory.mktemp("xlmr"))


def recipe(base: Path | None, /, stages: list[dict[str, Any]] | None = None, **more: Any) -> Recipe:
    model = {"kind": "pretrained", "base": str(base), "maximum_tokens": 32, "maximum_unknown": 0.3}
    if base is None:
        model = {"kind": "scratch", "layers": 1, "heads": 2, "dimension": 16, "feed_forward": 32}
    stage = {"steps": 6, "learning_rate": 1e-3, "gradient_clip": 1.0}
    values = {
        "name": "tiny",
        "buckets": BUCKETS,
        "model": model,
        "vocabulary": {"pieces": 300, "sample": 1000},
        "batch_size": 8,
        "checkpoint_every": 2,
        "validation": {"groups": 12, "every": 3},
        "stages": [{**stage, **given} for given in stages or [{}]],
    }
    return Recipe.model_validate({**values, **more})


def vectors(run: Path) -> np.ndarray:
    return np.asarray(load_model(run / "model").encode(TEXTS))


@pytest.mark.parametrize(
    "stage",
    [
        {"alpha": 0.5},
        {"alpha": 1.0, "mini_batch": 4},
        {"alpha": 0.0, "symmetric": True},
        {"sampling": "mixed"},
        {"sampling": "english", "matryoshka": [16, 8]},
        {"sampling": "any", "mini_batch": 4, "matryoshka": [8]},
    ],
)
def test_every_regime_and_loss_trains(xlmr: Path, data: Path, tmp_path: Path, stage: dict[str, Any]) -> None:
    run = train(recipe(xlmr, [stage]), data, tmp_path / "run")
    losses = [row["loss"] for row in read_log(run) if "loss" in row]
    assert len(losses) == 6 and np.isfinite(losses).all()
    before, after = np.asarray(load_model(xlmr).encode(TEXTS)), vectors(run)
    assert np.allclose(np.linalg.norm(after, axis=1), 1, atol=1e-5)
    assert not np.allclose(before, after, atol=1e-4)
    page = (run / "README.md").read_text(encoding="utf-8")
    assert "| train | 6 |" in page and (run / "run.png").read_bytes()[:4] == b"\x89PNG"
    assert not (run / "checkpoints").exists()
    assert list((run / "tensorboard" / "train").glob("events.*"))


def test_bfloat16_trains_on_a_processor_and_keeps_float32_weights(xlmr: Path, data: Path, tmp_path: Path) -> None:
    plain = train(recipe(xlmr), data, tmp_path / "plain")
    short = train(recipe(xlmr, precision="bfloat16"), data, tmp_path / "short")
    losses = [[row["loss"] for row in read_log(run) if "loss" in row] for run in (plain, short)]
    assert losses[0] != losses[1] and np.allclose(*losses, rtol=0.05)
    assert load_model(short / "model").dtype == torch.float32


def test_a_stage_may_keep_a_share_of_what_it_began_with(xlmr: Path, data: Path, tmp_path: Path) -> None:
    still = {"steps": 1, "learning_rate": 1e-12}
    stages = {"start": still, "learned": {"start_share": 0.0}, "mixed": {"start_share": 0.25}}
    runs = {name: train(recipe(xlmr, [stage]), data, tmp_path / name) for name, stage in stages.items()}
    start, learned, mixed = (load_model(runs[name] / "model").state_dict() for name in stages)
    assert any(not torch.allclose(start[name], learned[name], atol=1e-5) for name in start)
    assert all(torch.allclose(mixed[n], 0.25 * start[n] + 0.75 * learned[n], atol=1e-6) for n in start)


def test_cached_and_plain_losses_give_the_same_encoder(data: Path, tmp_path: Path) -> None:
    # From scratch, because dropout in the pretrained one would differ between the two.
    plain = train(recipe(None), data, tmp_path / "plain")
    cached = train(recipe(None, [{"mini_batch": 3}]), data, tmp_path / "cached")
    assert np.allclose(vectors(plain), vectors(cached), atol=1e-3)


def test_labse_keeps_its_head_and_a_plain_transformer_gets_mean_pooling(data: Path, tmp_path: Path) -> None:
    labse = train(recipe(tiny_labse(tmp_path / "labse")), data, tmp_path / "run-labse")
    plain = train(recipe(tiny_transformer(tmp_path / "plain")), data, tmp_path / "run-plain")
    kinds = [
        [module["type"].rpartition(".")[2] for module in json.loads((run / "model" / "modules.json").read_bytes())]
        for run in (labse, plain)
    ]
    assert kinds == [["Transformer", "Pooling", "Dense", "Normalize"], ["Transformer", "Pooling", "Normalize"]]
    assert load_model(plain / "model").max_seq_length == 32


def test_hard_negatives_are_learned_from(xlmr: Path, tmp_path: Path) -> None:
    groups = [
        Group(str(i), {"de": f"frage {i}", "en": f"question {i}"}, {"de": f"antwort {i}", "en": f"answer {i}"},
              negatives={"de": [f"falsch {i}"], "en": [f"wrong {i}"]})
        for i in range(40)
    ]  # fmt: skip
    (tmp_path / "groups").mkdir()
    write_groups(groups, tmp_path / "groups" / "mined.jsonl")
    own = recipe(xlmr, [{"hard_negatives": 2}], buckets=[{"name": "own", "sources": ["groups"]}])
    assert (train(own, tmp_path, tmp_path / "run") / "run.json").exists()


def test_distillation_comes_nearer_to_the_teacher(xlmr: Path, data: Path, tmp_path: Path) -> None:
    teacher = tiny_xlmr(tmp_path / "teacher", seed=5)
    stage = {"loss": "distillation", "teacher": str(teacher), "alpha": 0.0, "steps": 30, "learning_rate": 5e-3}
    run = train(recipe(xlmr, [stage], validation={"groups": 0}), data, tmp_path / "run")
    losses = [row["loss"] for row in read_log(run) if "loss" in row]
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])


@pytest.mark.parametrize("base", ["xlmr", "scratch", "static"])
def test_a_run_goes_on_to_the_very_same_encoder(
    base: str, xlmr: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = recipe(xlmr if base == "xlmr" else None, [{"name": "one"}, {"name": "two", "alpha": 1.0}])
    if base == "static":
        wanted = Recipe.model_validate({**wanted.model_dump(), "model": {"kind": "static", "dimension": 16}})
    whole = train(wanted, data, tmp_path / "whole")
    real, stops = HybridTrainer.compute_loss, {"one": 3, "two": 1}

    def stops_once(self: HybridTrainer, *args: Any, **rest: Any) -> Any:
        stage = Path(self.args.output_dir).name
        if self.state.global_step == stops.get(stage):
            del stops[stage]
            os.kill(os.getpid(), signal.SIGINT)
        return real(self, *args, **rest)

    monkeypatch.setattr(HybridTrainer, "compute_loss", stops_once)
    for _ in range(2):
        with pytest.raises(Interrupted, match="The same command goes on"):
            train(wanted, data, tmp_path / "run")
    train(wanted, data, tmp_path / "run")
    assert not stops, "it was stopped in both stages"
    assert np.allclose(vectors(whole), vectors(tmp_path / "run"), atol=1e-5)
    rows = [
        [(row["stage"], row["step"]) for row in read_log(run) if "loss" in row] for run in (whole, tmp_path / "run")
    ]
    assert rows[0] == rows[1], "no step is logged twice or lost"


def test_a_killed_run_goes_on(xlmr: Path, data: Path, tmp_path: Path) -> None:
    wanted = recipe(xlmr, [{"steps": 40}], validation={"groups": 0})
    path = tmp_path / "recipe.json"
    path.write_text(wanted.model_dump_json(), encoding="utf-8")
    script = (
        "import sys; from pathlib import Path; from training.recipe import Recipe; from training.train import train\n"
        "train(Recipe.model_validate_json(Path(sys.argv[1]).read_text()), Path(sys.argv[2]), Path(sys.argv[3]))"
    )
    run = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(path), str(data), str(run)], stderr=subprocess.DEVNULL
    )
    deadline = time.time() + 120
    while not list(run.glob("checkpoints/*/*/complete")):
        assert process.poll() is None and time.time() < deadline
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert not (run / "run.json").exists()
    train(wanted, data, run)
    assert [row["step"] for row in read_log(run)] == list(range(2, 41, 2))
    assert np.allclose(vectors(run), vectors(train(wanted, data, tmp_path / "whole")), atol=1e-5)


def test_a_full_disk_leaves_the_last_checkpoint(
    xlmr: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = HybridTrainer._save_rng_state

    def full(self: HybridTrainer, folder: str) -> None:
        if self.state.global_step == 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(self, folder)

    with monkeypatch.context() as patch:
        patch.setattr(HybridTrainer, "_save_rng_state", full)
        with pytest.raises(StorageUnavailable, match="goes on from the checkpoint before"):
            train(recipe(xlmr), data, tmp_path / "run")
    assert [path.name for path in tmp_path.glob("run/checkpoints/train/checkpoint-*")] == ["checkpoint-2"]
    run = train(recipe(xlmr), data, tmp_path / "run")
    assert np.allclose(vectors(run), vectors(train(recipe(xlmr), data, tmp_path / "other")), atol=1e-5)


def test_early_stopping_returns_to_the_best_weights(xlmr: Path, data: Path, tmp_path: Path) -> None:
    # Far too high a rate: the loss only gets worse after the first evaluations.
    wanted = recipe(xlmr, [{"steps": 200, "learning_rate": 0.5}], validation={"groups": 12, "every": 2, "patience": 2})
    run = train(wanted, data, tmp_path / "run")
    rows = read_log(run)
    checked = [row["validation_loss"] for row in rows if "validation_loss" in row]
    assert rows[-1]["step"] < 200 and len(checked) >= 3
    assert min(checked) in checked[:-2]


def test_nan_and_memory_are_told(xlmr: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFinite, match="learning"):
        train(recipe(xlmr, [{"learning_rate": 1e30, "gradient_clip": None}]), data, tmp_path / "nan")

    def too_big(*_: Any, **__: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("sentence_transformers.SentenceTransformerTrainer.compute_loss", too_big)
    with pytest.raises(OutOfMemory, match="mini_batch"):
        train(recipe(xlmr), data, tmp_path / "memory")


def test_a_run_of_another_recipe_is_not_gone_on_with(xlmr: Path, data: Path, tmp_path: Path) -> None:
    (tmp_path / "run" / "start").mkdir(parents=True)
    (tmp_path / "run" / "recipe.json").write_text(recipe(xlmr, [{"alpha": 0.1}]).model_dump_json(), encoding="utf-8")
    with pytest.raises(Conflict, match="another recipe"):
        train(recipe(xlmr), data, tmp_path / "run")


def test_languages_the_tokenizer_cannot_spell_are_told(data: Path, tmp_path: Path) -> None:
    groups = [Group(str(i), {"en": f"question {i}"}, {"bo": f"བོད་སྐད་ཀྱི་ཡི་གེ {i}"}) for i in range(40)]
    (tmp_path / "groups").mkdir()
    write_groups(groups, tmp_path / "groups" / "tibetan.jsonl")
    base = tiny_labse(tmp_path / "labse")
    own = recipe(base, [{"alpha": 0.0}], buckets=[{"name": "own", "sources": ["groups"]}])
    with pytest.raises(InvalidInput, match=r"cannot spell bo \(\d+% unknown"):
        train(own, tmp_path, tmp_path / "run")


def test_a_base_that_does_not_load_is_told(data: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be loaded"):
        train(recipe(tmp_path / "nothing"), data, tmp_path / "run")


def test_a_run_is_not_gone_on_with_on_other_data(
    xlmr: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "data"
    shutil.copytree(data, copy)
    with monkeypatch.context() as patch:
        patch.setattr(HybridTrainer, "evaluate", lambda *_, **__: os.kill(os.getpid(), signal.SIGINT) or {})
        with pytest.raises(Interrupted):
            train(recipe(xlmr), copy, tmp_path / "run")
    with (copy / "train" / "qa.parquet").open("ab") as file:
        file.write(b" ")
    with pytest.raises(Conflict, match="has changed"):
        train(recipe(xlmr), copy, tmp_path / "run")
