"""A database too large to be checked before it is used is checked beside."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from index.errors import DamagedCollection
from index.local import database
from index.local.database import Database


def filled(path: Path) -> Path:
    with closing(Database(path)) as written, written.transaction() as connection:
        rows = [(f"t{n}", "en", None, "text " * 200, "{}", n, b"") for n in range(500)]
        connection.executemany(
            "INSERT INTO passages (id, language, title, text, metadata, number, vector) VALUES (?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
    return path


def damage(path: Path) -> None:
    """Break the links between pages, which reading one row need not meet."""
    with closing(sqlite3.connect(path)) as connection:
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    content = bytearray(path.read_bytes())
    for page in range(8, len(content) // size, 3):
        content[page * size : page * size + 12] = b"\xff" * 12
    path.write_bytes(content)


def test_a_small_one_is_refused_at_once(tmp_path: Path) -> None:
    path = filled(tmp_path / "passages.db")
    damage(path)
    with pytest.raises(DamagedCollection):
        Database(path)


def test_a_large_one_opens_and_damage_ends_reading_and_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = filled(tmp_path / "passages.db")
    damage(path)
    monkeypatch.setattr(database, "CHECKED_AT_ONCE", 0)
    with closing(Database(path)) as opened:
        deadline = time.monotonic() + 30
        while opened._damage_found is None and time.monotonic() < deadline:
            time.sleep(0.01)
        with pytest.raises(DamagedCollection, match="snapshot"):
            opened.rows("SELECT 1")
        with pytest.raises(DamagedCollection), opened.transaction():
            pass


def test_a_sound_one_stays_open_and_closes_during_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = filled(tmp_path / "passages.db")
    monkeypatch.setattr(database, "CHECKED_AT_ONCE", 0)
    for _ in range(20):
        with closing(Database(path, read_only=True)) as opened:
            assert opened.rows("SELECT count(*) FROM passages") == [(500,)]
        assert opened._damage_found is None
