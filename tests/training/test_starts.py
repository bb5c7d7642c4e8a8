"""Runs that begin alike share one start; runs that do not, never."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.training.studies.conftest import recipe
from training.models import build_model
from training.recipe import Recipe
from training.starts import shared_start, start_key
from training.studies.arms import in_every_stage, with_values
from training.tables import load_tables

__all__ = ["recipe"]  # a fixture

HASHES = {"parallel.parquet": "a"}


def test_stages_do_not_change_the_start_and_all_else_does(recipe: Recipe) -> None:
    key = start_key(recipe, HASHES)
    assert start_key(in_every_stage(recipe, alpha=0.1, steps=9), HASHES) == key
    assert start_key(with_values(recipe, name="other"), HASHES) == key
    for changed in (
        with_values(recipe, seed=2),
        with_values(recipe, share=0.5),
        with_values(recipe, languages=["de", "en"]),
        with_values(recipe, vocabulary={"pieces": 301}),
        with_values(recipe, model={"dimension": 24}),
        with_values(recipe, buckets=[{"name": "prose", "sources": ["parallel"]}]),
    ):
        assert start_key(changed, HASHES) != key
    assert start_key(recipe, {"parallel.parquet": "b"}) != key


def test_runs_of_several_seeds_share_a_start_when_asked_to(recipe: Recipe, data: Path) -> None:
    first, second = (with_values(recipe, seed=seed, start_seed=5, validation={"groups": 9}) for seed in (1, 2))
    assert (
        start_key(first, HASHES)
        == start_key(second, HASHES)
        == start_key(with_values(first, seed=5, start_seed=None), HASHES)
    )
    kept, held_out = zip(*(load_tables(each, data) for each in (first, second)), strict=True)
    for one, other in (kept, held_out):
        assert one is not None and other is not None
        np.testing.assert_array_equal(one.questions.rows, other.questions.rows)
    assert start_key(with_values(first, start_seed=6), HASHES) != start_key(first, HASHES)


def test_a_start_is_made_once_and_read_again(
    recipe: Recipe, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, _ = load_tables(recipe, data)
    model, pieces = shared_start(recipe, table, HASHES, tmp_path)
    monkeypatch.setattr("training.starts.build_model", lambda *_: pytest.fail("made twice"))
    again, known = shared_start(recipe, table, HASHES, tmp_path)
    texts = ["moon tide 3", "พระจันทร์ 4"]
    np.testing.assert_array_equal(model.encode(texts), again.encode(texts))
    assert pieces is not None and known is not None and pieces.to_pylist() == known.to_pylist()


def test_a_model_without_aligned_start_has_no_pieces_to_keep(recipe: Recipe, data: Path, tmp_path: Path) -> None:
    plain = with_values(recipe, model={"dimension": 16, "aligned_start": 0})
    table, _ = load_tables(plain, data)
    assert build_model(plain, table)[1] is None
    for _ in range(2):
        assert shared_start(plain, table, HASHES, tmp_path)[1] is None
