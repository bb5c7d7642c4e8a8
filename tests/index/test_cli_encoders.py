"""Verbs find the encoder of a collection among those listed in ISOGLOT_ENCODERS, as the service does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from index.cli import app
from index.errors import EncoderMismatch
from tests.conftest import make_encoder

Run = Callable[..., Result]

LINES = [
    {"id": f"{topic}.{code}", "text": f"{topic} {code}", "language": code}
    for topic in ("moon", "bread")
    for code in ("de", "en")
]


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    make_encoder(tmp_path / "shelf" / "other", seed=7, name="other")
    return tmp_path / "shelf"


@pytest.fixture
def run(tmp_path: Path, shelf: Path, encoder_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`isoglot` beside a collection "docs" that another encoder than the one that is set has filled."""
    monkeypatch.setenv("ISOGLOT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("ISOGLOT_ENCODER", str(encoder_folder))
    (tmp_path / "passages.jsonl").write_text("\n".join(map(json.dumps, LINES)), encoding="utf-8")
    (tmp_path / "asked.jsonl").write_text(
        json.dumps({"id": "t", "questions": {"de": "moon", "en": "bread"}}), encoding="utf-8"
    )

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))

    filled = call("index", "add", str(tmp_path / "passages.jsonl"), "-c", "docs", "--encoder", str(shelf / "other"))
    assert filled.exit_code == 0, filled.output
    return call


def verbs(folder: Path) -> list[list[str]]:
    return [
        ["search", "moon", "-c", "docs", "--json"],
        ["audit", str(folder / "asked.jsonl"), "-c", "docs", "--json"],
        ["index", "add", str(folder / "passages.jsonl"), "-c", "docs"],
        ["index", "build", str(folder / "passages.jsonl"), "-c", "docs", "--json"],
        ["index", "merge", "docs", "centred"],
    ]


def test_a_listed_encoder_is_taken_for_the_collection_it_filled(
    run: Run, shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ISOGLOT_ENCODERS", json.dumps([str(shelf)]))
    for verb in verbs(tmp_path):
        done = run(*verb)
        assert done.exit_code == 0, (verb, done.output, done.exception)


def test_without_it_the_error_says_what_to_list(run: Run, tmp_path: Path) -> None:
    for verb in verbs(tmp_path):
        done = run(*verb)
        assert isinstance(done.exception, EncoderMismatch), (verb, done.output)
        assert "filled by encoder 'other'" in str(done.exception) and "ISOGLOT_ENCODERS" in str(done.exception)


def test_one_that_is_asked_for_is_that_one(run: Run, shelf: Path, encoder_folder: Path, tmp_path: Path) -> None:
    for verb in verbs(tmp_path)[:2]:
        assert run(*verb, "--encoder", str(shelf / "other")).exit_code == 0
        assert isinstance(run(*verb, "--encoder", str(encoder_folder)).exception, EncoderMismatch)
