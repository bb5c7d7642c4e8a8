from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from index.errors import Conflict, StorageUnavailable
from training.translation.journal import DamagedJournal, open_journal


def test_what_is_recorded_is_there_when_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with open_journal(path) as journal:
        engine = journal.engine("model", "en", "de")
        journal.want([(engine, "one"), (engine, "two"), (engine, "one")])
        (rows,) = journal.pending(engine, 10)
        assert [text for _, text in rows] == ["one", "two"], "equal texts are translated once"
        journal.record(engine, [(rows[0][0], "eins"), (rows[1][0], None)])
        assert journal.wanted() == (2, 2)
    with open_journal(path) as journal:
        assert journal.wanted() == (0, 0), "another run may want other texts"
        journal.want([(engine, "two"), (engine, "one"), (engine, "three")])
        assert journal.wanted() == (3, 2)
        assert [[text for _, text in rows] for rows in journal.pending(engine, 10)] == [["three"]]
        assert journal.translation(engine, "one") == "eins" and journal.translation(engine, "two") is None


def test_pending_texts_come_in_portions_and_each_once(tmp_path: Path) -> None:
    with open_journal(tmp_path / "journal.sqlite") as journal:
        engine = journal.engine("model", "en", "de")
        journal.want([(engine, f"text {number}") for number in range(25)])
        portions = []
        for rows in journal.pending(engine, 10):
            portions.append(len(rows))
            journal.record(engine, [(number, "x") for number, _ in rows])
        assert portions == [10, 10, 5] and journal.wanted() == (25, 25)


def test_model_languages_and_text_all_tell_translations_apart(tmp_path: Path) -> None:
    with open_journal(tmp_path / "journal.sqlite") as journal:
        keys = [("a", "en", "de"), ("b", "en", "de"), ("a", "fr", "de"), ("a", "en", "th")]
        engines = [journal.engine(*key) for key in keys]
        assert len(set(engines)) == 4 and [journal.engine(*key) for key in keys] == engines
        journal.want([(number, "text") for number in engines])
        ((text, _),) = next(journal.pending(engines[0], 1))
        journal.record(engines[0], [(text, "Text")])
        assert journal.wanted() == (4, 1)


def test_a_batch_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    with open_journal(tmp_path / "journal.sqlite") as journal:
        engine = journal.engine("model", "en", "de")
        journal.want([(engine, "one"), (engine, "two")])
        with pytest.raises(sqlite3.IntegrityError):
            journal.record(engine, [(1, "eins"), (2, "zwei"), (1, "again")])
        assert journal.wanted() == (2, 0)
        journal.record(engine, [(1, "eins")])


def test_a_text_nobody_read_is_told(tmp_path: Path) -> None:
    with open_journal(tmp_path / "journal.sqlite") as journal, pytest.raises(Conflict, match="changed"):
        journal.translation(journal.engine("model", "en", "de"), "new")


def test_a_second_process_is_turned_away(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with open_journal(path), pytest.raises(Conflict, match="Another process"), open_journal(path):
        pass
    with open_journal(path), pytest.raises(Conflict, match="Another process"), open_journal(path):
        pass  # also when the file existed before


def test_files_that_are_no_journal_and_places_that_are_none_are_told(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a database, but long enough to be looked at " * 40, encoding="utf-8")
    with pytest.raises(DamagedJournal, match="no journal"), open_journal(tmp_path / "text"):
        pass
    other = sqlite3.connect(tmp_path / "other.sqlite")
    other.execute("CREATE TABLE texts (mine)")
    other.close()
    with pytest.raises(DamagedJournal, match="another program"), open_journal(tmp_path / "other.sqlite"):
        pass
    with pytest.raises(StorageUnavailable), open_journal(tmp_path / "no" / "folder"):
        pass
