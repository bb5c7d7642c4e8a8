"""The encoder that comes with the clone does what the README says of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from index.encoder import Encoder
from index.encoder_folder import bundled_encoders
from training.benchmarks import load_benchmark
from training.judging.evaluate import evaluate
from training.judging.rankings import rank
from training.judging.scorers import VectorScorer

NAME = "isoglot-static"


@pytest.fixture(scope="module")
def bundled() -> Encoder:
    return Encoder(NAME)


def test_it_is_small_and_says_what_it_is(bundled: Encoder) -> None:
    folder = bundled_encoders()[NAME]
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) <= 32 * 1024 * 1024
    card = (folder / "README.md").read_text(encoding="utf-8")
    for word in ("xquad-r", "monolingual", "rank distance", "licence", "Limits"):
        assert word.lower() in card.lower()


def test_questions_find_their_passages_in_other_languages(bundled: Encoder) -> None:
    benchmark = load_benchmark("demo")
    passages = bundled.encode(list(benchmark.passages), "passage")
    ranks = rank(benchmark, VectorScorer(bundled.encode(benchmark.queries, "query"), passages))
    asked = benchmark.query_codes()
    found = (ranks.rank_in_pool <= 10) & (ranks.languages != asked[ranks.queries])
    per_query = np.bincount(ranks.queries, weights=found, minlength=len(asked))
    for number, code in enumerate(benchmark.languages):
        share = np.mean(per_query[asked == number] >= 3)
        assert share > 0.35, f"{code}: only {share:.0%} of the questions find 3 other languages in the top 10"


def test_the_card_s_demo_figures_can_be_made_again(bundled: Encoder) -> None:
    written = json.loads(Path(bundled.folder, "results", "demo", "results.json").read_text(encoding="utf-8"))
    made = evaluate(bundled, load_benchmark("demo")).results()
    for setting, scores in made["settings"].items():
        assert scores["mAP"] == pytest.approx(written["settings"][setting]["mAP"], abs=1e-3)
    assert made["bias"]["rank_distance"] == pytest.approx(written["bias"]["rank_distance"], rel=0.01)
