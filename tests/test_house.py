"""Rules of the house: sizes of files, docs that are current, a demo set that is whole."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from index.demo import demo_passages, demo_questions
from service.settings import Settings
from training.settings import TrainingSettings

ROOT = Path(__file__).parent.parent
WINGS = ("index", "service", "training")
LANGUAGES = {"ar", "de", "el", "en", "es", "hi", "ja", "ru", "th", "tr", "vi", "zh"}


def modules() -> list[Path]:
    return sorted(path for wing in WINGS for path in (ROOT / wing).rglob("*.py"))


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_files_stay_readable(path: Path) -> None:
    assert path.read_text(encoding="utf-8").count("\n") <= 260
    assert len(path.relative_to(ROOT).parts) <= 3


def test_every_setting_is_documented() -> None:
    table = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    for name, field in {**Settings.model_fields, **TrainingSettings.model_fields}.items():
        assert field.description, name
        assert f"`ISOGLOT_{name.upper()}`" in table


def test_generated_docs_are_current() -> None:
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_version_stands_in_one_place_and_its_copies_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == project["version"] == version("isoglot")
    assert citation["license"] == project["license"] and citation["title"].lower() == project["name"]
    assert [author["name"] for author in citation["authors"]] == [author["name"] for author in project["authors"]]


@pytest.mark.parametrize("wing", WINGS)
def test_type_hints_are_shipped(wing: str) -> None:
    assert (ROOT / wing / "py.typed").is_file()


def test_the_demo_set_is_whole() -> None:
    passages, questions = demo_passages(), demo_questions()
    topics = {row["metadata"]["topic"] for row in passages}
    assert len(topics) >= 40 and len(passages) == len(topics) * len(LANGUAGES)
    assert {(row["metadata"]["topic"], row["language"]) for row in passages} == {
        (t, c) for t in topics for c in LANGUAGES
    }
    assert len({row["id"] for row in passages}) == len(passages)
    assert {row["topic"] for row in questions} == topics and len(questions) == 2 * len(topics)
    for row in questions:
        assert set(row["questions"]) == LANGUAGES and all(text.strip() for text in row["questions"].values())
    assert len({json.dumps(row["questions"]) for row in questions}) == len(questions)
