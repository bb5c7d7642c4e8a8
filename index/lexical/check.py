"""Whether the words that are searched are those of the passages stored, for `isoglot check`."""

from __future__ import annotations

import sqlite3
from collections import Counter

from index.lexical.tables import searchable, table_names
from index.lexical.tokens import stemmed

__all__ = ["words_faults"]

_AT_ONCE = 5_000
_SHOWN = 5


def words_faults(connection: sqlite3.Connection) -> tuple[str, list[str]]:
    """How many words were compared, and what is wrong: every word of every language is counted anew."""
    tables, faults, total = table_names(connection), list[str](), 0
    codes = [row[0] for row in connection.execute("SELECT DISTINCT language FROM passages")]
    for code in sorted({*codes, *tables}):
        stored, searched = _stored(connection, code), _searched(connection, tables.get(code))
        total += sum(count for _, count in stored.values())
        odd = [word for word in {*stored, *searched} if stored.get(word) != searched.get(word)]
        faults += [
            f"{word!r} ({code}) stands in {searched.get(word, (0, 0))[0]} passages searched, "
            f"{stored.get(word, (0, 0))[0]} stored"
            for word in sorted(odd)[:_SHOWN]
        ]
    return f"{total:,} words", faults


def _stored(connection: sqlite3.Connection, language: str) -> dict[str, tuple[int, int]]:
    """Word → passages that hold it, and how often it stands in all."""
    passages, times = Counter[str](), Counter[str]()
    held = connection.execute("SELECT title, text FROM passages WHERE language = ?", (language,))
    while rows := held.fetchmany(_AT_ONCE):
        for title, text in rows:
            words = stemmed(searchable(title, text), language)
            times.update(words)
            passages.update(set(words))
    return {word: (passages[word], count) for word, count in times.items()}


def _searched(connection: sqlite3.Connection, table: str | None) -> dict[str, tuple[int, int]]:
    if table is None:
        return {}
    rows = connection.execute(f"SELECT term, doc, cnt FROM {table}_rarity")  # noqa: S608 (a table's name of ours)
    return {term: (doc, count) for term, doc, count in rows}
