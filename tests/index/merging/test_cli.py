from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from index.cli import app
from index.errors import InvalidInput
from tests.conftest import write_lines

ROWS = [{"id": f"{code}{n}", "text": f"moon tide {n}", "language": code} for code in ("de", "en") for n in range(8)]


def test_a_rule_is_asked_for_set_fitted_and_taken_back(
    tmp_path: Path, encoder_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ISOGLOT_ENCODER", str(encoder_folder))
    monkeypatch.setenv("ISOGLOT_DATA", str(tmp_path / "data"))

    def run(*arguments: str) -> str:
        return CliRunner().invoke(app, list(arguments), catch_exceptions=False).stdout

    run("index", "add", str(write_lines(tmp_path / "passages.jsonl", ROWS)), "--collection", "docs")
    found = json.loads(run("search", "moon", "-c", "docs", "-k", "4", "--merge", "round-robin", "--json"))
    assert found["merge"] == {"rule": "round-robin"}
    assert sorted(hit["language"] for hit in found["hits"]) == ["de", "de", "en", "en"]
    assert '{"rule": "score"}; nothing fitted' in run("index", "merge", "docs")
    told = run("index", "merge", "docs", '{"rule": "lir", "directions": 2}')
    assert '"directions": 2' in told and "fitted of 16 passages." in told
    assert json.loads(run("search", "moon", "-c", "docs", "--json"))["merge"]["rule"] == "lir"
    assert '{"rule": "score"}; fitted of 16' in run("index", "merge", "docs", "score", "--fit")
    with pytest.raises(InvalidInput, match="there are: score, centred"):
        run("index", "merge", "docs", "best")
