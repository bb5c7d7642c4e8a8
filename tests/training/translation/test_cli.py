from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from index.errors import InvalidInput
from tests.training.translation.test_endpoint import Server, server
from tests.training.translation.tiny_seq2seq import SENTENCES
from training.groups import Group, read_groups, write_groups
from training.translation.cli import register

__all__ = ["server"]

app = typer.Typer()
register(app)
app.command("other")(lambda: None)


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["translate", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def groups(tmp_path: Path) -> Path:
    made = [Group(str(n), {"en": text}, {"en": text}) for n, text in enumerate(SENTENCES)]
    write_groups(made, tmp_path / "groups.jsonl")
    return tmp_path / "groups.jsonl"


def test_a_model_per_language_end_to_end(groups: Path, models: Path) -> None:
    out = groups.parent / "out.jsonl"
    model = str(models / "opus-en-{to}")
    told = run(
        groups, "--from", "EN", "--to", "de, th", "--out", out, "--model", model, "--device", "cpu", "--beams", 2
    )
    assert "5 groups, from en" in told and "out.rejected.jsonl" in told
    for group in read_groups(out):
        assert group.questions == group.passages == {"en": group.questions["en"], **SENTENCES[group.questions["en"]]}


def test_an_endpoint_end_to_end(groups: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISOGLOT_TRANSLATION_KEY", "secret")
    server.answer = lambda texts: "no"
    out = groups.parent / "out.jsonl"
    told = run(groups, "--to", "sw", "--out", out, "--endpoint", server.url, "--endpoint-model", "tiny")
    assert "1 answers were malformed" in told
    assert server.asked[0][2]["Authorization"] == "Bearer secret"
    assert next(iter(read_groups(out))).questions["sw"] == "noom eht"
    report = json.loads(out.with_suffix(".report.json").read_text(encoding="utf-8"))
    assert report["languages"]["sw"]["added"] == 10 and "secret" not in json.dumps(report)


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--model", "m", "--endpoint", "http://e", "--endpoint-model", "n"],
        ["--endpoint", "http://e"],
        ["--endpoint-model", "n"],
    ],
)
def test_one_engine_must_be_named(groups: Path, options: list[str]) -> None:
    with pytest.raises(InvalidInput, match="either --model, or --endpoint"):
        run(groups, "--to", "de", "--out", groups.parent / "out.jsonl", *options)


def test_help_teaches_without_loading_torch() -> None:
    script = (
        "import sys, typer; from training.translation.cli import register\n"
        "app = typer.Typer(); register(app)\n"
        "try: app(['--help'])\n"
        "finally: assert not {'torch', 'transformers', 'httpx'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "isoglot translate groups.jsonl" in done.stdout and "ISOGLOT_TRANSLATION_KEY" in done.stdout


def test_the_table_says_why_texts_were_dropped(groups: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ISOGLOT_TRANSLATION_KEY", raising=False)
    server.answer = lambda texts: json.dumps(
        {"translations": [{"number": n, "text": "" if n == 1 else text} for n, text in enumerate(texts, start=1)]}
    )
    out = groups.parent / "out.jsonl"
    told = run(groups, "--to", "th", "--out", out, "--endpoint", server.url, "--endpoint-model", "tiny")
    assert "empty 2, copy 8" in told and not any("th" in group.questions for group in read_groups(out))
