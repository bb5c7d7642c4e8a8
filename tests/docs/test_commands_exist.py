"""What the docs show is there: verbs, options, settings, addresses, files, names to import."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, blocks, commands, inline, pages
from tests.docs.checking import SETTINGS, Stale, check

PAGES = [pytest.param(page, id=str(page.relative_to(ROOT))) for page in pages()]
WINGS = ("index", "service", "training", "benchmarks")
SHELL = ("bash", "console", "sh")
NOT_SETTINGS = {
    "ISOGLOT_",
    "ISOGLOT_IMAGE",
    "ISOGLOT_TARGET",
    "ISOGLOT_VOLUME",
}  # the last three are of the compose file


@pytest.mark.parametrize("page", PAGES)
def test_commands_of_blocks(page: Path) -> None:
    for block in blocks(page, *SHELL):
        for words in commands(block.text):
            try:
                check(words)
            except Stale as stale:
                pytest.fail(f"{page.name}:{block.line}: {' '.join(words)}\n{stale}")


@pytest.mark.parametrize("page", PAGES)
def test_commands_between_backticks(page: Path) -> None:
    for line, words in inline(page):
        try:
            check(words, is_whole=False)
        except Stale as stale:
            pytest.fail(f"{page.name}:{line}: {' '.join(words)}\n{stale}")


@pytest.mark.parametrize("page", PAGES)
def test_settings(page: Path) -> None:
    named = set(re.findall(r"ISOGLOT_[A-Z_]*", page.read_text(encoding="utf-8")))
    assert named - NOT_SETTINGS <= SETTINGS


@pytest.mark.parametrize("page", PAGES)
def test_files(page: Path) -> None:
    named = re.findall(
        r"`((?:index|service|training|benchmarks|tests|docs|examples|docker)/[\w./-]*\w/?)`", page.read_text()
    )
    missing = [path for path in named if not (ROOT / path).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES)
def test_imports_of_python_blocks(page: Path) -> None:
    for block in blocks(page, "python"):
        for node in ast.walk(ast.parse(block.text)):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in WINGS:
                module = importlib.import_module(node.module)
                for alias in node.names:
                    assert hasattr(module, alias.name), f"{page.name}:{block.line}: {node.module} has no {alias.name}"


@pytest.mark.parametrize(
    "stale",
    [
        ["isoglot", "serch", "tides"],
        ["isoglot", "search", "tides", "--language", "de"],
        ["isoglot", "search"],
        ["isoglot", "export", "runs/x", "--out", "x", "--weights", "int7"],
        ["ISOGLOT_ENCODR=x", "isoglot", "serve"],
        ["make", "serves"],
        ["curl", "localhost:8000/serch"],
        ["curl", "-X", "DELETE", "localhost:8000/search"],
        ["python", "-m", "benchmarks.lines"],
        ["python", "examples/none.py"],
        ["pip", "install", "isoglot[trian]"],
        ["isogloat", "serve"],
    ],
    ids=" ".join,
)
def test_what_is_not_there_is_noticed(stale: list[str]) -> None:
    with pytest.raises(Stale):
        check(stale)
