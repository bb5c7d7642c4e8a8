"""Lexical search of a local collection: equal to brute force over living passages, whatever was written, whenever."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.errors import Conflict, InvalidInput
from index.lexical import tables
from index.local.check import check
from index.local.index import LocalIndex
from index.passages import Passage
from tests.index.lexical.brute import require_brute_force
from tests.index.local.made import FACTS, vectors

WORDS = ["Haus", "häuser", "tide", "tides", "mond", "the", "moon", "潮汐", "น้ำขึ้น", "x1", "ΣΑΣ", "sas"]
LANGUAGES = ["de", "en", "th", "zh-Hant"]
QUICK = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]}

texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)
made = st.builds(
    Passage,
    id=st.integers(0, 9).map(str),
    text=texts,
    language=st.sampled_from(LANGUAGES),
    title=st.none() | texts,
    metadata=st.fixed_dictionaries({"year": st.integers(0, 3)}),
)
batches = st.lists(made, min_size=1, max_size=5, unique_by=lambda passage: passage.id)
acts = st.lists(
    st.one_of(
        st.tuples(st.just("upsert"), batches),
        st.tuples(st.just("delete"), st.lists(st.integers(0, 9).map(str), max_size=4)),
        st.tuples(st.just("switch"), st.booleans()),
        st.tuples(st.just("extend"), st.integers(1, 4)),
        st.tuples(st.just("reopen"), st.none()),
    ),
    max_size=12,
)


@settings(max_examples=60, **QUICK)
@given(acts=acts, query=texts)
def test_hits_equal_brute_force_over_living_passages(
    acts: list, query: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.local.keeper.Keeper.wake", lambda _: None)  # what is built, and when, is said here
    folder = tmp_path_factory.mktemp("channel")
    index, held = LocalIndex(folder, FACTS), dict[str, Passage]()
    for kind, given_ in acts:
        if kind == "upsert":
            index.upsert(given_, vectors(len(given_)))
            held.update({passage.id: passage for passage in given_})
        elif kind == "delete":
            index.delete(given_)
            held = {identity: passage for identity, passage in held.items() if identity not in given_}
        elif kind == "switch":
            index.lexical.switch(given_)
        elif kind == "extend":
            with index.store.database.transaction() as connection:
                tables.extend(connection, given_)
        else:
            index.close()
            index = LocalIndex(folder, FACTS)
    index.lexical.switch(True)
    index.lexical.build()
    require_brute_force(index, held, query, vectors(1)[0])
    index.close()


def stored(folder: Path, count: int = 30) -> LocalIndex:
    index = LocalIndex(folder, FACTS)
    index.upsert([Passage(str(n), f"house number {n}", "en") for n in range(count)], vectors(count))
    return index


def test_off_is_told_and_on_is_ready_in_the_background(tmp_path: Path) -> None:
    index = stored(tmp_path / "c")
    with pytest.raises(InvalidInput, match="isoglot index lexical c --on"):
        index.lexical.search("houses", vectors(1)[0], 3, ["en"])
    assert index.info()["lexical"] == {"state": "off"}
    index.lexical.switch(True)
    index.lexical._keeper._thread.join(0.01)
    index.lexical.build()
    assert index.info()["lexical"] == {"state": "ready"}
    assert len(index.lexical.search("houses", vectors(1)[0], 3, ["en"])) == 3
    assert [hit.passage.id for hit in index.lexical.search("7", vectors(1)[0], 3, ["en"])] == ["7"]
    index.lexical.switch(False)
    assert index.info()["lexical"] == {"state": "off"}
    with sqlite3.connect(index.store.path) as connection:
        assert not connection.execute("SELECT name FROM sqlite_master WHERE name LIKE 'words%'").fetchall()
    connection.close()
    index.close()


def test_half_built_is_a_conflict_and_goes_on_after_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = stored(tmp_path / "c")
    with monkeypatch.context() as patched:
        patched.setattr("index.local.keeper.Keeper.wake", lambda _: None)
        index.lexical.switch(True)
        with index.store.database.transaction() as connection:
            assert tables.extend(connection, 10)
        index.delete(["3", "20"])
        with pytest.raises(Conflict, match="10 of 30"):
            index.lexical.search("house", vectors(1)[0], 3, ["en"])
        assert index.info()["lexical"] == {"state": "building", "done": 0.3333, "fault": None}
    index.close()
    again = LocalIndex(tmp_path / "c", FACTS)
    again.lexical._keeper._thread.join(0.01)
    again.lexical.build()
    assert len(again.lexical.search("house", vectors(1)[0], 50, ["en"])) == 28
    again.close()


def test_another_way_of_cutting_takes_all_in_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = stored(tmp_path / "c")
    with monkeypatch.context() as patched:
        patched.setattr(tables, "TOKENS", "0, an older version")
        patched.setattr(tables, "stemmed", lambda text, _: text.split())
        index.lexical.switch(True)
        index.lexical.build()
        index.close()
    again = LocalIndex(tmp_path / "c", FACTS)
    again.upsert([Passage("3", "boats", "en")], vectors(1))
    again.lexical.build()
    assert len(again.lexical.search("houses", vectors(1)[0], 50, ["en"])) == 29
    assert [hit.passage.id for hit in again.lexical.search("boat", vectors(1)[0], 50, ["en"])] == ["3"]
    again.close()


def test_a_reading_process_and_a_snapshot_search_words_too(tmp_path: Path) -> None:
    index = stored(tmp_path / "c")
    index.lexical.switch(True)
    index.lexical.build()
    reader = LocalIndex(tmp_path / "c", FACTS, read_only=True)
    assert len(reader.lexical.search("house", vectors(1)[0], 50, ["en"])) == 30
    index.delete(["3"])
    reader.view()
    assert len(reader.lexical.search("house", vectors(1)[0], 50, ["en"])) == 29
    index.snapshot(tmp_path / "snapshot")
    index.close()
    reader.close()
    copy = LocalIndex(tmp_path / "snapshot", FACTS)
    assert len(copy.lexical.search("house", vectors(1)[0], 50, ["en"])) == 29
    assert np.isclose(copy.lexical.search("7", vectors(1)[0], 1, ["en"])[0].score, vectors(30)[7] @ vectors(1)[0])
    copy.close()


def test_check_finds_words_that_are_not_those_stored(tmp_path: Path) -> None:
    index = stored(tmp_path / "c")
    assert [f.looked_at for f in check(index) if f.what.startswith("words")] == ["lexical search is off"]
    index.lexical.switch(True)
    index.lexical.build()
    assert not [f.faults for f in check(index) if f.faults]
    with index.store.database.transaction() as connection:
        connection.execute("INSERT INTO words_1 (rowid, tokens) VALUES (999, 'stranger hous')")
    (found,) = [f for f in check(index) if f.faults]
    assert found.faults == [
        "'hous' (en) stands in 31 passages searched, 30 stored",
        "'stranger' (en) stands in 1 passages searched, 0 stored",
    ]
    index.close()
