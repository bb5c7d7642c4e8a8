from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pytest
import typer
from typer.testing import CliRunner

from training.adapters.cli import register
from training.groups import Group, read_groups

Isoglot = Callable[..., tuple[list[Group], str]]
Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


@pytest.fixture
def isoglot(tmp_path: Path) -> Isoglot:
    """Run `isoglot data …`, return the groups written and what was printed; errors are raised."""

    def run(*words: object, out: str = "out.jsonl") -> tuple[list[Group], str]:
        app = typer.Typer()
        register(app)
        app.callback()(lambda: None)
        path = tmp_path / out
        done = CliRunner().invoke(app, ["data", *map(str, words), "--out", str(path)])
        if done.exception:
            assert not path.exists() and not list(tmp_path.rglob("*.part")), "an error leaves nothing behind"
            raise done.exception
        return list(read_groups(path)), done.stdout

    return run


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write rows as JSON lines (or one JSON document, for `.json`)."""

    def to_file(name: str, rows: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = json.dumps(rows) if path.suffix == ".json" else "".join(json.dumps(row) + "\n" for row in rows)
        path.write_text(lines, encoding="utf-8")
        return path

    return to_file
