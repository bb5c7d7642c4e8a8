from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import write_lines
from tests.index.test_cli import run  # noqa: F401 - a fixture

ROWS = [{"id": f"{code}{n}", "text": f"moon tide {n}", "language": code} for code in ("de", "en") for n in range(8)]


def test_a_rule_is_asked_for_set_fitted_and_taken_back(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def] # noqa: F811
    run("index", "add", str(write_lines(tmp_path / "passages.jsonl", ROWS)), "--collection", "docs")
    found = json.loads(run("search", "moon", "-c", "docs", "-k", "4", "--merge", "round-robin", "--json").stdout)
    assert found["merge"] == {"rule": "round-robin"}
    assert sorted(hit["language"] for hit in found["hits"]) == ["de", "de", "en", "en"]
    assert '{"rule": "score"}; nothing fitted' in run("index", "merge", "docs").stdout
    told = run("index", "merge", "docs", '{"rule": "lir", "directions": 2}')
    assert '"directions": 2' in told.stdout and "fitted of 16 passages." in told.stdout, told.stderr
    assert json.loads(run("search", "moon", "-c", "docs", "--json").stdout)["merge"]["rule"] == "lir"
    assert "there are: score, centred" in run("index", "merge", "docs", "best").stderr.replace("\n", " ")
    assert '{"rule": "score"}; fitted of 16' in run("index", "merge", "docs", "score", "--fit").stdout
