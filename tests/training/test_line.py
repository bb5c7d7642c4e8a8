"""The whole line on tiny data: recipe → run → encoder folder → collection."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from index.collection import Collection
from index.encoder import Encoder
from index.errors import Conflict, InvalidInput, NotFound
from index.passages import Passage
from training.benchmarks import load_benchmark
from training.card import write_card
from training.export import export, load_run
from training.gate import ExportRefused
from training.judging.evaluate import evaluate
from training.progress import read_log
from training.recipe import Recipe, Vocabulary
from training.recipe_file import load_recipe
from training.reports.write import write_reports
from training.train import train
from training.vocabulary import train_tokenizer

RECIPE = """
name = "tiny"
languages = ["de", "en", "th", "ru"]
batch_size = 16
[[buckets]]
name = "prose"
sources = ["parallel"]
[[buckets]]
name = "qa"
sources = ["qa", "sections", "lexicon", "glosses"]
[vocabulary]
pieces = 300
sample = 1000
[model]
dimension = 16
[[stages]]
name = "align"
steps = 8
learning_rate = 0.02
weights = { prose = 2, qa = 1 }
[[stages]]
name = "sharpen"
steps = 4
alpha = 1.0
learning_rate = 0.02
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    path = tmp_path_factory.mktemp("recipe") / "tiny.toml"
    path.write_text(RECIPE, encoding="utf-8")
    return load_recipe(path)


@pytest.fixture(scope="module")
def run(recipe: Recipe, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(recipe, data, tmp_path_factory.mktemp("runs") / "tiny")


def test_a_run_folder_tells_how_it_was_made(run: Path, data: Path) -> None:
    facts = json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert facts["seed"] == 1 and facts["groups"] > 0
    assert set(facts["data"]) == {f"{name}.parquet" for name in ("parallel", "qa", "sections", "lexicon")}
    rows = read_log(run)
    losses = [row["loss"] for row in rows if "loss" in row]
    assert len(losses) == 12 and np.isfinite(losses).all()
    assert {"loss/monolingual", "learning_rate", "pairs_per_second", "memory_mb"} <= set(rows[-2])
    assert "validation_loss/de→th" in {name for row in rows for name in row}
    assert (run / "run.png").read_bytes()[:4] == b"\x89PNG"


def test_training_lowers_the_loss(recipe: Recipe, data: Path, tmp_path: Path) -> None:
    longer = recipe.model_copy(update={"stages": [recipe.stages[0].model_copy(update={"steps": 200})]})
    losses = [row["loss"] for row in read_log(train(longer, data, tmp_path / "longer")) if "loss" in row]
    assert np.mean(losses[-5:]) < np.mean(losses[:5])


def test_the_same_seed_gives_the_same_encoder(recipe: Recipe, run: Path, data: Path, tmp_path: Path) -> None:
    again = train(recipe, data, tmp_path / "again")
    texts = ["moon tide 3", "พระจันทร์"]
    first, second = (load_run(folder)[2].encode(texts) for folder in (run, again))
    # To rounding: sums over several threads come in no fixed order.
    assert np.sum(first * second, axis=1).min() > 0.999


def test_a_vocabulary_too_small_for_the_letters_is_told(recipe: Recipe, data: Path, tmp_path: Path) -> None:
    small = recipe.model_copy(update={"vocabulary": Vocabulary(pieces=256, sample=1000)})
    with pytest.raises(InvalidInput, match=r"vocabulary\.pieces"):
        train_tokenizer([chr(0x4E00 + n) for n in range(500)], small.vocabulary, str)


@pytest.mark.parametrize("int8", [False, True])
def test_an_exported_encoder_serves(run: Path, tmp_path: Path, int8: bool) -> None:
    report = export(run, tmp_path / "tiny-encoder", "int8" if int8 else "float32")
    assert report.least_cosine > (0.99 if int8 else 0.9999)
    encoder = Encoder(tmp_path / "tiny-encoder")
    assert encoder.description.weights == ("int8" if int8 else "float32")
    with Collection.open(tmp_path / "docs", encoder) as collection:
        collection.upsert([Passage("m", "moon tide 5", "en"), Passage("w", "вода 7", "ru")])
        assert collection.search("moon tide 5", k=1).hits[0].passage.id == "m"


def test_results_and_card_are_written(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tiny-encoder"
    export(run, folder)
    judged = evaluate(Encoder(folder), load_benchmark("demo"))
    results = judged.results()
    write_reports([judged], folder / "results" / "demo")
    assert (folder / "results" / "demo" / "report.png").read_bytes()[:4] == b"\x89PNG"
    card = write_card(folder).read_text(encoding="utf-8")
    assert f"{results['settings']['multilingual']['mAP']:.4f}" in card
    assert "parallel.parquet" in card and "## Limits" in card


def test_an_export_that_differs_is_refused_and_leaves_nothing(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.static.WeightedStaticEmbedding.folded", lambda self: self.embedding.weight.detach())
    with pytest.raises(ExportRefused, match="cosine"):
        export(run, tmp_path / "wrong")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(recipe: Recipe, run: Path, data: Path, tmp_path: Path) -> None:
    with pytest.raises(Conflict, match="already holds a run"):
        train(recipe, data, run)
    (tmp_path / "there").mkdir()
    with pytest.raises(Conflict, match="exists"):
        export(run, tmp_path / "there")


def test_a_folder_that_is_no_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"run\.json"):
        export(tmp_path, tmp_path / "out")


def test_a_run_without_data_is_told(recipe: Recipe, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"parallel\.parquet"):
        train(recipe, tmp_path, tmp_path / "run")
    shutil.rmtree(tmp_path)
