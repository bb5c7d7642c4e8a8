"""A snapshot is a collection, as of one moment, whatever happens beside it."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from index.cli import app
from index.errors import InvalidInput
from tests.index.local.made import Model, open_made, passages, require_equal, vectors

QUERIES = vectors(3, seed=5)


def test_a_copied_snapshot_is_the_collection_of_then(tmp_path: Path) -> None:
    index, model = open_made(tmp_path / "c"), Model()
    index.upsert(passages(900), vectors(900))
    model.upsert(passages(900), vectors(900))
    index.compact()
    index.delete(["p1"])
    model.delete(["p1"])
    index.snapshot(tmp_path / "snapshot")
    index.delete([f"p{i}" for i in range(500)])
    index.compact(is_full=True)
    index.close()
    shutil.copytree(tmp_path / "snapshot", tmp_path / "elsewhere")
    shutil.rmtree(tmp_path / "c")
    restored = open_made(tmp_path / "elsewhere")
    assert not restored.state.now.rebuilt
    require_equal(restored, model, QUERIES)
    restored.close()


def test_a_snapshot_beside_writes_is_of_one_moment(tmp_path: Path) -> None:
    """Batches replace the same ten ids: a snapshot holds ten passages of one version."""
    index, stop = open_made(tmp_path / "c"), threading.Event()

    def write() -> None:
        version = 0
        while not stop.is_set():
            index.upsert(passages(10, 0, version), vectors(10, version))
            version += 1

    index.upsert(passages(10), vectors(10))
    thread = threading.Thread(target=write)
    thread.start()
    for number in range(5):
        index.snapshot(tmp_path / f"s{number}")
    stop.set()
    thread.join()
    index.close()
    for number in range(5):
        copy = open_made(tmp_path / f"s{number}", read_only=True)
        held = copy.get([f"p{i}" for i in range(10)])
        assert len(held) == 10 and len({passage.text.split()[-1] for passage in held.values()}) == 1
        copy.close()


def test_the_verb_works_beside_a_writer_and_never_overwrites(tmp_path: Path) -> None:
    index = open_made(tmp_path / "collections" / "docs")
    index.upsert(passages(300), vectors(300))
    result = CliRunner().invoke(app, ["index", "snapshot", "docs", "--data", str(tmp_path)])
    assert result.exit_code == 0, result.output
    copies = list((tmp_path / "snapshots" / "docs").iterdir())
    assert len(copies) == 1
    with pytest.raises(InvalidInput, match="exists"):
        index.snapshot(copies[0])
    index.close()
