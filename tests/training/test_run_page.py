"""The run page says what the log says."""

from __future__ import annotations

import json
from pathlib import Path

from training.recipe_file import load_recipe
from training.run_page import write_run_page

LINES = [
    {"stage": "align", "step": 50, "loss": 3.0, "loss/monolingual": 3.0, "learning_rate": 0.1, "pairs_per_second": 10.0,
     "memory_mb": 500.0},
    {"stage": "align", "step": 50, "validation_loss": 2.5, "validation_loss/cross-lingual": 2.5, "validation_loss/de→th": 2.0},
    {"stage": "sharpen", "step": 50, "loss": 1.25, "loss/cross-lingual": 1.25, "learning_rate": 0.2,
     "pairs_per_second": 30.0, "memory_mb": 700.0},
]  # fmt: skip


def run(folder: Path, lines: list[dict[str, object]], end: str = "") -> Path:
    text = "".join(json.dumps(line) + "\n" for line in lines) + end
    (folder / "log.jsonl").write_text(text, encoding="utf-8")
    (folder / "recipe.json").write_text(load_recipe("static").model_dump_json(), encoding="utf-8")
    return folder


def test_a_page_has_a_row_for_each_stage(tmp_path: Path) -> None:
    page = write_run_page(run(tmp_path, LINES)).read_text(encoding="utf-8")
    assert "| align | 50 | 3.0000 | 2.5000 | 10 | 500 |" in page
    assert "| sharpen | 50 | 1.2500 | – | 30 | 700 |" in page
    assert (tmp_path / "run.png").read_bytes()[:4] == b"\x89PNG"


def test_a_log_cut_short_or_empty_still_makes_a_page(tmp_path: Path) -> None:
    whole = write_run_page(run(tmp_path, LINES)).read_text(encoding="utf-8")
    assert write_run_page(run(tmp_path, LINES, '{"stage": "sha')).read_text(encoding="utf-8") == whole
    assert "| stage |" in write_run_page(run(tmp_path, [])).read_text(encoding="utf-8")
