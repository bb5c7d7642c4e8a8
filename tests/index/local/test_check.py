"""`isoglot check` finds what is wrong, and nothing where nothing is."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from index.cli import app
from index.local.build import Shape
from index.local.check import check
from index.local.index import DATABASE
from index.local.manifest import FOLDER
from index.passages import Passage
from tests.index.local.made import open_made, passages, vectors


@pytest.fixture(params=["float32", "float16", "int8"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    index = open_made(tmp_path / "collections" / "docs", Shape(storage=request.param, exact_below=200))
    index.upsert(passages(1500), vectors(1500))
    index.compact(is_full=True)
    index.delete(["p3", "p4"])
    index.upsert(passages(20, 10, 1), vectors(20, 1))
    index.close()
    return tmp_path / "collections" / "docs"


def faults(folder: Path) -> dict[str, list[str]]:
    index = open_made(folder, read_only=True)
    found = {finding.what: finding.faults for finding in check(index) if finding.faults}
    index.close()
    return found


def test_nothing_is_wrong_with_a_sound_collection(folder: Path) -> None:
    assert faults(folder) == {}
    result = CliRunner().invoke(app, ["check", "docs", "--data", str(folder.parent.parent)])
    assert result.exit_code == 0 and "1,498 passages" in result.output


def test_one_of_a_kind_is_told_in_the_singular(tmp_path: Path) -> None:
    index = open_made(tmp_path / "c")
    index.upsert([Passage("p", "text", "de", None, {"year": 1})], vectors(1))
    index.compact(is_full=True)
    told = [finding.looked_at for finding in check(index)]
    assert {"1 passage", "1 entry", "1 segment by checksum", "1 number", "1 vector"} <= set(told)
    index.close()


def _change(statement: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        with sqlite3.connect(folder / DATABASE) as connection:
            connection.execute(statement, ([np.ones(16, "<f4").tobytes()] if "?" in statement else []))

    return change


def _flip(folder: Path) -> None:
    path = next((folder / FOLDER).glob("*/storage.faiss"))
    content = bytearray(path.read_bytes())
    content[-9] ^= 4
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (_change("UPDATE passages SET vector = ? WHERE id = 'p500'"), "passages and vectors"),
        (_change("UPDATE passages SET language = 'DE' WHERE id = 'p500'"), "passages and vectors"),
        (_change("UPDATE passages SET vector = ? WHERE id = 'p500'"), "mean vectors"),
        (_change("UPDATE sums SET passages = passages + 1 WHERE language = 'sw'"), "mean vectors"),
        (_change("DELETE FROM sums WHERE language = 'sw'"), "mean vectors"),
        (_change("DELETE FROM facets WHERE number = 501 AND field = 'year'"), "metadata for filters"),
        (_change("DELETE FROM passages WHERE id = 'p500'"), "vectors searched = passages stored"),
        (_change("UPDATE passages SET vector = ? WHERE id = 'p500'"), "vectors searched are those stored"),
        (_flip, "files of vectors"),
    ],
)
def test_what_is_wrong_is_found(folder: Path, change: Callable[[Path], None], what: str) -> None:
    change(folder)
    assert what in faults(folder)
    result = CliRunner().invoke(app, ["check", "docs", "--data", str(folder.parent.parent)])
    assert result.exit_code == 1
