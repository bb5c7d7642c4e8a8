"""What studies read from outcomes whose answer is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.studies.synthetic import CODES, PLAN, RECIPE, outcomes
from training.studies.alignment import ALIGNMENTS
from training.studies.arms import Arm
from training.studies.cli import NAMES
from training.studies.page import Finding, write_page
from training.studies.registry import STUDIES

RARE = ("ar", "th", "zh")


def read(name: str, noise: Callable[[Arm, str], float], monkeypatch: pytest.MonkeyPatch) -> Finding:
    for module in ("languages", "low_resource"):
        monkeypatch.setattr(f"training.studies.{module}.languages_by_size", lambda *_: ["en", "de", *RARE])
    study = STUDIES[name]
    return study.read(outcomes(study.arms(RECIPE, PLAN), noise, ("made-up", "another")))


def column(finding: Finding, title: str, heading: str) -> dict[str, float]:
    """First cells → the number that begins a cell, of the table whose title begins so."""
    table = next(table for table in finding.tables if table.title.startswith(title))
    place = table.header.index(heading)
    return {row[0]: float(row[place].split()[0].replace(",", "")) for row in table.rows}


def test_the_command_line_names_every_study() -> None:
    assert tuple(STUDIES) == NAMES


def test_alpha_finds_the_best_share(monkeypatch: pytest.MonkeyPatch) -> None:
    finding = read("alpha", lambda arm, _: 0.5 + abs(arm.values["alpha"] - 0.25), monkeypatch)
    pooled = column(finding, "made-up", "pooled")
    assert max(pooled, key=lambda alpha: pooled[alpha]) == "0.25"
    assert any("pooled mAP is highest at alpha 0.25" in sentence for sentence in finding.reading)
    assert any("rank distance is smallest at alpha 0.25" in sentence for sentence in finding.reading)


def test_regimes_hold_each_promise_against_the_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    def noise_of(*by_alpha: float) -> Callable[[Arm, str], float]:
        return lambda arm, _: dict(zip((0.0, 0.5, 1.0), by_alpha, strict=True))[arm.values["alpha"]]

    kept = read("regimes", noise_of(0.6, 0.3, 0.6), monkeypatch).reading
    assert any("hybrid is in the pool as good as cross-lingual batches" in s and "with every seed" in s for s in kept)
    assert any("hybrid is in one language as good as monolingual batches" in sentence for sentence in kept)
    assert any("hybrid is the least biased by rank distance" in sentence for sentence in kept)
    broken = read("regimes", noise_of(0.3, 0.9, 0.3), monkeypatch).reading
    assert len(broken) == len(kept) and all("hybrid is not " in sentence for sentence in broken)


def test_size_tells_which_batches_gain(monkeypatch: pytest.MonkeyPatch) -> None:
    # Only hybrid batches gain from more data here.
    def noise(arm: Arm, _: str) -> float:
        return 1.2 - 0.8 * arm.values["share"] * (arm.values["alpha"] == 0.5)

    finding = read("size", noise, monkeypatch)
    assert any(sentence.endswith("hybrid batches gain most from more data.") for sentence in finding.reading)
    assert any(
        "with 100% of the groups, hybrid batches are" in s and "above (with every seed)" in s for s in finding.reading
    )


def test_languages_are_the_same_in_every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    # A language is good once it is trained, whatever else is: the first two are level, the last ones jump.
    def noise(arm: Arm, code: str) -> float:
        return 0.3 if code in arm.recipe.languages else 1.4

    finding = read("languages", noise, monkeypatch)
    first, last = (column(finding, "made-up", f"monolingual, {part}") for part in ("first", "last"))
    assert list(first) == ["2", "4", "5"] and len(set(first.values())) == 1
    assert last["2"] == last["4"] < last["5"] - 0.1
    assert any("last languages, still unseen: with 4" in s and "0.000 above" in s for s in finding.reading)


def test_low_resource_compares_within_the_rarest(monkeypatch: pytest.MonkeyPatch) -> None:
    def noise(arm: Arm, code: str) -> float:
        return 0.4 if arm.values["batches"] == "hybrid" and code in RARE else 1.0

    finding = read("low-resource", noise, monkeypatch)
    assert "ar th zh" in finding.tables[0].title
    assert all("monolingual" in s and "above (with every seed)" in s for s in finding.reading)


def test_consistency_sees_that_alignment_predicts_retrieval_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    finding = read("consistency", lambda arm, _: 0.3 + arm.values["alpha"], monkeypatch)
    (table,) = finding.tables
    row = next(row for row in table.rows if row[0].startswith("bitext") and row[1] == "pooled mAP (another)")
    assert float(row[2]) > 0.9 and row[3].startswith("[+")
    # Alignment drawn by lot predicts nothing: hardly an interval may leave 0 out.
    study, rng = STUDIES["consistency"], np.random.default_rng(0)
    judged = outcomes(study.arms(RECIPE, PLAN), lambda arm, _: 0.3 + arm.values["alpha"], ("made-up",))
    drawn = [replace(outcome, alignment=dict.fromkeys(ALIGNMENTS, rng.normal())) for outcome in judged]
    rows = [row for row in study.read(drawn).tables[0].rows if row[0].startswith("bitext")]
    assert len(rows) == 4 and sum("[-" in row[3] and ", +" in row[3] for row in rows) >= 3


def test_monolingual_cost_finds_who_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    def noise(arm: Arm, code: str) -> float:
        return 1.2 if arm.values["alpha"] == 0.5 and code == "th" else 0.6

    finding = read("monolingual-cost", noise, monkeypatch)
    differences = column(finding, "made-up", "difference")
    assert differences["th"] < -0.1 and all(abs(differences[code]) < 1e-9 for code in CODES if code != "th")
    assert any("1 of 5 languages lose more than chance explains (th)" in sentence for sentence in finding.reading)


@pytest.mark.parametrize("name", NAMES)
def test_every_study_ends_in_a_page(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    finding = read(name, lambda arm, _: 0.5 + 0.1 * arm.recipe.seed, monkeypatch)
    page = write_page(tmp_path, STUDIES[name].title, STUDIES[name].question, ["`isoglot study`"], finding)
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {STUDIES[name].title}") and "![plot](plot.png)" in text and "made-up" in text
    assert (tmp_path / "plot.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize("name", NAMES)
def test_a_set_with_one_setting_and_one_seed_is_read_without_gaps(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # As Tatoeba has it: no passage in the question's language, no alignment; and the rarest languages unknown.
    monkeypatch.setattr("training.studies.languages.languages_by_size", lambda *_: ["en", "de", "ar", "th"])
    monkeypatch.setattr("training.studies.low_resource.languages_by_size", lambda *_: ["en", "ru", "ja", "ko"])
    study = STUDIES[name]
    judged = outcomes(study.arms(RECIPE, replace(PLAN, seeds=(1,))), lambda arm, _: 0.5, ("made-up",))
    for outcome in judged:
        outcome.results["settings"]["monolingual"].clear()
        outcome.results["bias"]["rank_distance"] = None
        outcome.alignment.update(dict.fromkeys(ALIGNMENTS, np.nan))
    finding = study.read(judged)
    page = write_page(tmp_path, study.title, study.question, [], finding).read_text(encoding="utf-8")
    assert finding.reading and "nan" not in page and "every seed" not in page
    assert "batches: ." not in page and "with 2 training languages mAP is 0.000 above" not in page


def test_four_languages_have_no_second_count_to_compare_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.studies.languages.languages_by_size", lambda *_: ["en", "de", "ar", "th"])
    study = STUDIES["languages"]
    reading = study.read(outcomes(study.arms(RECIPE, PLAN), lambda arm, _: 0.5, ("made-up",))).reading
    last = next(sentence for sentence in reading if "monolingual, last" in sentence)
    assert "that with 2" not in last and "in training at last" in last
