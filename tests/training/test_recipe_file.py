"""Recipes from files: defaults, overrides, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.errors import InvalidInput, NotFound
from training.recipe_file import load_recipe, read_run_recipe, shipped_recipes

RECIPE = """
name = "tiny"
languages = ["de", "en"]
[[buckets]]
name = "prose"
sources = ["parallel"]
[model]
dimension = 16
[[stages]]
name = "align"
[[stages]]
name = "sharpen"
alpha = 1.0
"""


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("stages.0.alfa=0.5", r"stages\.0\.alfa"),
        ("stages.1.alpha=2", r"stages\.1\.alpha"),
        ("stages.0.alpha", "no override"),
        ("stages.7.alpha=1", "names no key"),
        ("stages.0.weights={novels=1}", "novels"),
        ("languages=['german']", "BCP 47"),
        ("stages.0.pairs=[['en', 'en']]", "two languages"),
        ("stages.0.pairs=[['en', 'german']]", "BCP 47"),
        ("stages.0.loss=distillation", "teacher"),
        ("stages.1.name=align", "own name"),
        ("model={kind='scratch', dimension=10, heads=3}", "evenly"),
        ("model.kind=dynamic", "model"),
        ("model.dimension='wide'", r"model\.dimension"),
    ],
)
def test_bad_recipes_are_told(tmp_path: Path, override: str, told: str) -> None:
    path = tmp_path / "r.toml"
    path.write_text(RECIPE, encoding="utf-8")
    with pytest.raises(InvalidInput, match=told):
        load_recipe(path, [override])


def test_overrides_replace_single_keys(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text(RECIPE, encoding="utf-8")
    assert load_recipe(path, ["stages.0.alpha=1.0", "name=other"]).stages[0].alpha == 1.0


@pytest.mark.parametrize("name", shipped_recipes())
def test_shipped_recipes_are_valid(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name and recipe.description


def test_the_papers_recipes_differ_in_alpha_alone() -> None:
    for base in ("xlm-r", "labse"):
        recipes = [load_recipe(f"{base}-{regime}") for regime in ("hybrid", "mono", "cross")]
        assert [recipe.stages[0].alpha for recipe in recipes] == [0.5, 1.0, 0.0]
        hybrid = recipes[0].model_dump(exclude={"name", "description"})
        for other in recipes[1:]:
            values = other.model_dump(exclude={"name", "description"})
            values["stages"][0]["alpha"] = 0.5
            assert values == hybrid
    stage, recipe = hybrid["stages"][0], hybrid
    assert (stage["learning_rate"], stage["weight_decay"], recipe["batch_size"]) == (3e-5, 1e-2, 100)


def test_a_recipe_may_extend_another(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(RECIPE, encoding="utf-8")
    path = tmp_path / "other.toml"
    path.write_text(f'extends = "{tmp_path}/base.toml"\nset = ["name=other", "stages.1.alpha=0.25"]', encoding="utf-8")
    recipe = load_recipe(path, ["seed=7"])
    assert (recipe.name, recipe.stages[1].alpha, recipe.seed) == ("other", 0.25, 7)
    path.write_text('extends = "static"\nseed = 3', encoding="utf-8")
    with pytest.raises(InvalidInput, match="only `set` keys, not seed"):
        load_recipe(path)


def test_a_recipe_that_is_not_there_is_told_with_those_shipped() -> None:
    with pytest.raises(NotFound, match="xlm-r-hybrid"):
        load_recipe("xlm-r-hybird")


def test_a_runs_recipe_without_a_kind_of_model_is_static(tmp_path: Path) -> None:
    old = load_recipe("static").model_dump_json().replace('"kind":"static",', "")
    (tmp_path / "recipe.json").write_text(old, encoding="utf-8")
    assert read_run_recipe(tmp_path) == load_recipe("static")


@pytest.mark.parametrize("text", ["{", '{"name": 3}'])
def test_a_damaged_run_recipe_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "recipe.json").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match="recipe.json"):
        read_run_recipe(tmp_path)
