"""The words of a collection in FTS5, SQLite's own full-text engine: one table a language, in the collection's database.

Because the tables stand in the same database, words change in the transaction that changes the passages: after a
kill both are there or neither. A table a language, because then a word's rarity and the mean length are those of
its language, and a search in one language reads nothing of the others.

The tables keep no texts (`content=''`), only which passages hold a word. To forget a passage FTS5 must be told the
words it was given (`'delete'`); they are cut again from the passage, which is why another version of the cutting
(`TOKENS`) fills the tables anew. FTS5 can forget by number alone since SQLite 3.43; too new to ask for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from index.errors import InvalidInput
from index.lexical.tokens import TOKENS, stemmed

__all__ = [
    "SCHEMA",
    "Words",
    "WordsState",
    "changed",
    "drop_all",
    "extend",
    "merge",
    "read_state",
    "searchable",
    "start",
    "table_names",
]

SCHEMA = """
CREATE TABLE lexical (              -- one row while lexical search is on
    only   INTEGER PRIMARY KEY CHECK (only = 1),
    built  INTEGER NOT NULL,
    target INTEGER NOT NULL,
    cut_by TEXT NOT NULL
);
CREATE TABLE lexical_languages (number INTEGER PRIMARY KEY, language TEXT NOT NULL UNIQUE);
"""
"""What every local database holds; the tables of words come with the first passage of a language."""

_PAGES_AT_ONCE = 500
"""Pages of FTS5 merged in one transaction, some two megabytes."""

Words = tuple[int, str, str]
"""A passage's number, language and searchable text."""


@dataclass(frozen=True, slots=True)
class WordsState:
    """How far the words of a collection are.

    built: the passages up to this number, and those behind `target`, are in the tables. target: the last number
    given when lexical search was switched on. cut_by: the version of the cutting.
    """

    built: int
    target: int
    cut_by: str

    @property
    def is_ready(self) -> bool:
        """Whether all passages are in, so that what is found is all there is."""
        return self.built >= self.target and self.cut_by == TOKENS

    def holds(self, number: int) -> bool:
        """Whether a living passage of this number is in the tables."""
        return number <= self.built or number > self.target


def read_state(connection: sqlite3.Connection) -> WordsState | None:
    """How far the words are; None when lexical search is off."""
    row = connection.execute("SELECT built, target, cut_by FROM lexical").fetchone()
    return None if row is None else WordsState(*row)


def start(connection: sqlite3.Connection) -> None:
    """Switch on: from now on writes are followed, and `extend` takes in what is there already.

    Raises InvalidInput when this SQLite has no FTS5.
    """
    try:
        connection.execute("CREATE VIRTUAL TABLE temp.words_try USING fts5 (tokens, content='')")
        connection.execute("DROP TABLE temp.words_try")
    except sqlite3.OperationalError as error:
        raise InvalidInput(
            f"Lexical search needs FTS5, which this Python's SQLite ({sqlite3.sqlite_version}) was built without; use "
            "another Python."
        ) from error
    drop_all(connection)
    last = connection.execute("SELECT value FROM counters WHERE name = 'last_number'").fetchone()[0]
    connection.execute("INSERT INTO lexical VALUES (1, 0, ?, ?)", (last, TOKENS))


def drop_all(connection: sqlite3.Connection) -> None:
    """Switch off: forget all words."""
    for name in table_names(connection).values():
        connection.execute(f"DROP TABLE {name}_rarity")
        connection.execute(f"DROP TABLE {name}")
    connection.execute("DELETE FROM lexical_languages")
    connection.execute("DELETE FROM lexical")


def table_names(connection: sqlite3.Connection) -> dict[str, str]:
    """Language → its table; language codes themselves are never put into a statement."""
    rows = connection.execute("SELECT language, number FROM lexical_languages").fetchall()
    return {language: f"words_{int(number)}" for language, number in rows}


def _table_of(connection: sqlite3.Connection, language: str) -> str:
    known = table_names(connection)
    if language in known:
        return known[language]
    cursor = connection.execute("INSERT INTO lexical_languages (language) VALUES (?)", (language,))
    name = f"words_{cursor.lastrowid}"
    # Tokens come without white space and ASCII signs: the plainest tokenizer gives them back as they are.
    connection.execute(f"CREATE VIRTUAL TABLE {name} USING fts5 (tokens, content='', tokenize='ascii')")
    connection.execute(f"CREATE VIRTUAL TABLE {name}_rarity USING fts5vocab ({name}, row)")
    return name


def _add(connection: sqlite3.Connection, passages: Iterable[Words]) -> None:
    """Take in new passages."""
    for language, rows in _by_language(passages).items():
        table = _table_of(connection, language)
        connection.executemany(f"INSERT INTO {table} (rowid, tokens) VALUES (?, ?)", rows)  # noqa: S608


def _remove(connection: sqlite3.Connection, passages: Iterable[Words]) -> None:
    """Forget passages that are in; each with the text it was taken in with."""
    for language, rows in _by_language(passages).items():
        table = _table_of(connection, language)
        connection.executemany(
            f"INSERT INTO {table} ({table}, rowid, tokens) VALUES ('delete', ?, ?)",  # noqa: S608
            rows,
        )


def _by_language(passages: Iterable[Words]) -> dict[str, list[tuple[int, str]]]:
    cut: dict[str, list[tuple[int, str]]] = {}
    for number, language, text in passages:
        cut.setdefault(language, []).append((number, " ".join(stemmed(text, language))))
    return cut


def extend(connection: sqlite3.Connection, size: int) -> bool:
    """Take in the next passages that were there when lexical search was switched on; whether any are left.

    size: how many at most. Begins anew when another version of the cutting took in what is there.
    """
    state = read_state(connection)
    if state is None:
        return False
    if state.cut_by != TOKENS:
        start(connection)
        return True
    rows = connection.execute(
        "SELECT number, language, title, text FROM passages WHERE number > ? AND number <= ? ORDER BY number LIMIT ?",
        (state.built, state.target, size),
    ).fetchall()
    _add(connection, ((number, language, searchable(title, text)) for number, language, title, text in rows))
    built = rows[-1][0] if len(rows) == size else state.target
    connection.execute("UPDATE lexical SET built = ?", (built,))
    return bool(built < state.target)


def merge(connection: sqlite3.Connection, table: str, is_first: bool) -> bool:
    """Merge some of the parts that writing has left of a table; whether there is more to do.

    A table in one part is searched twice as fast as one in many. is_first: begins to merge all there are.
    """
    before = connection.total_changes
    connection.execute(
        f"INSERT INTO {table} ({table}, rank) VALUES ('merge', ?)",  # noqa: S608
        (-_PAGES_AT_ONCE if is_first else _PAGES_AT_ONCE,),
    )
    return connection.total_changes - before >= 2  # FTS5's own sign of being done


def searchable(title: str | None, text: str) -> str:
    """What of a passage is searched: the same that the encoder reads."""
    return f"{title}\n{text}" if title else text


def changed(connection: sqlite3.Connection, removed: Sequence[Words], added: Sequence[Words]) -> None:
    """Follow a write, in its transaction; does nothing while lexical search is off.

    removed: passages that are no more. added: passages numbered higher than the counter of numbers says yet.
    """
    state = read_state(connection)
    if state is None:
        return
    if state.cut_by != TOKENS:  # what is there cannot be forgotten word by word
        start(connection)
    else:
        _remove(connection, [words for words in removed if state.holds(words[0])])
    _add(connection, added)
