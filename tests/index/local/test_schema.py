"""Collections that earlier versions wrote are brought up to date, whoever opens them first."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from index.errors import DamagedCollection
from index.local.check import check
from index.local.index import DATABASE
from index.local.schema import SCHEMA_VERSION
from tests.index.local.made import FACTS, Model, fill, open_made, passages, require_equal, require_means, vectors

QUERIES = vectors(5, seed=7)

VERSION_1 = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE passages (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, language TEXT NOT NULL, title TEXT,
    text TEXT NOT NULL, metadata TEXT NOT NULL, vector BLOB NOT NULL
);
CREATE INDEX passages_by_language ON passages (language);
PRAGMA user_version = 1;
"""


def version_1(folder: Path, model: Model, n: int = 300) -> None:
    folder.mkdir()
    connection = sqlite3.connect(folder / DATABASE)
    connection.executescript(VERSION_1)
    connection.executemany("INSERT INTO facts VALUES (?, ?)", FACTS.items())
    rows = zip(passages(n), vectors(n), strict=True)
    connection.executemany(
        "INSERT INTO passages (id, language, title, text, metadata, vector) VALUES (?, ?, ?, ?, ?, ?)",
        [(p.id, p.language, p.title, p.text, json.dumps(p.metadata), v.astype("<f4").tobytes()) for p, v in rows],
    )
    connection.commit()
    connection.close()
    model.upsert(passages(n), vectors(n))


@pytest.mark.parametrize("read_only", [False, True])
def test_a_collection_of_version_1_is_brought_up_to_date(tmp_path: Path, read_only: bool) -> None:
    model = Model()
    version_1(tmp_path / "c", model)
    index = open_made(tmp_path / "c", read_only=read_only)
    assert index.fields() == {"year", "tag"}
    require_equal(index, model, QUERIES)
    require_means(index, model)
    if not read_only:
        fill(index, model, 200, 250, version=2)
        require_equal(index, model, QUERIES)
        require_means(index, model)
    index.close()
    with sqlite3.connect(tmp_path / "c" / DATABASE) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION


@pytest.mark.parametrize("read_only", [False, True])
def test_a_collection_of_version_2_is_summed_once(tmp_path: Path, read_only: bool) -> None:
    model, index = Model(), open_made(tmp_path / "c")
    fill(index, model, 500)
    index.compact(is_full=True)
    index.delete(["p1", "p2"])
    model.delete(["p1", "p2"])
    index.close()
    with sqlite3.connect(tmp_path / "c" / DATABASE) as connection:  # all that later versions have more
        for table in ("sums", "lexical", "lexical_languages"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("PRAGMA user_version = 2")
    index = open_made(tmp_path / "c", read_only=read_only)
    assert not index.state.now.rebuilt, "its segments are as good as before"
    require_equal(index, model, QUERIES)
    require_means(index, model)
    assert [finding.faults for finding in check(index) if finding.faults] == []
    index.close()


def test_a_collection_of_version_3_can_be_searched_by_words(tmp_path: Path) -> None:
    index = open_made(tmp_path / "c")
    index.upsert(passages(50), vectors(50))
    index.close()
    with sqlite3.connect(tmp_path / "c" / DATABASE) as connection:
        connection.execute("DROP TABLE lexical")
        connection.execute("DROP TABLE lexical_languages")
        connection.execute("PRAGMA user_version = 3")
    index = open_made(tmp_path / "c")
    assert index.info()["lexical"] == {"state": "off"}
    index.lexical.switch(True)
    index.lexical.build()
    assert [hit.passage.id for hit in index.lexical.search("41", QUERIES[0], 3, ["de", "en", "sw", "th"])] == ["p41"]
    index.close()


def test_a_later_version_is_refused(tmp_path: Path) -> None:
    open_made(tmp_path / "c").close()
    with sqlite3.connect(tmp_path / "c" / DATABASE) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(DamagedCollection, match="version 99"):
        open_made(tmp_path / "c")
