"""The passages of one language that share words with a query, by BM25 as FTS5 computes it.

    score = sum over the query's words of  idf · f · (k1 + 1) / (f + k1 · (1 - b + b · length / mean length))
    idf = ln((N - n + 0.5) / (n + 0.5)), at least 1e-6;  k1 = 1.2, b = 0.75

f: how often the passage holds the word; N: passages of the language; n: those that hold the word (Robertson and
Zaragoza 2009). FTS5 scores every passage that holds any of the words, so its time is that of the commonest one.
Words of more than a fifth of a language's passages are therefore left out while rarer ones are there. On XQuAD-R
that takes .003 from a monolingual mAP of .773 (docs/experiments.md), and spares FTS5 scoring nearly every passage of
the language for every question.
"""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

__all__ = ["COMMON", "MOST_WORDS", "attainable", "best", "chosen_words", "rarity"]

COMMON = 0.2
"""Largest share of a language's passages that a word of a query may stand in, unless all its words are commoner."""

MOST_WORDS = 64
"""Different words of a query that count, the rarest; a longer one is a document."""


_WORDS_AT_ONCE = 500


def rarity(connection: sqlite3.Connection, table: str, words: Sequence[str]) -> dict[str, int]:
    """Word → passages that hold it, words nobody holds left out."""
    found: dict[str, int] = {}
    for start in range(0, len(words), _WORDS_AT_ONCE):
        some = words[start : start + _WORDS_AT_ONCE]
        # A table's name of ours and question marks. Asking for several at a time takes half as long as one by one.
        statement = f"SELECT term, doc FROM {table}_rarity WHERE term IN ({','.join('?' * len(some))})"  # noqa: S608
        found.update(connection.execute(statement, some).fetchall())
    return found


def chosen_words(words: Sequence[str], rare: Mapping[str, int], passages: int) -> list[str]:
    """The words of a query that count, as often as they stand in it.

    rare: word → passages that hold it. passages: how many the language has.
    """
    known = [word for word in words if word in rare]
    kept = [word for word in known if rare[word] <= COMMON * passages] or known
    rarest = sorted(Counter(kept), key=lambda word: (rare[word], word))[:MOST_WORDS]
    return [word for word in kept if word in set(rarest)]


def attainable(words: Sequence[str], rare: Mapping[str, int], passages: int) -> float:
    """BM25 of a passage of mean length that holds each word of a query once: the sum of their idf.

    Words that no passage holds count, as the rarest; common ones do not, as in `chosen_words`.
    """
    held = [rare.get(word, 0) for word in words]
    counted = [n for n in held if n <= COMMON * passages] or held
    return sum(max(math.log((passages - n + 0.5) / (n + 0.5)), 1e-6) for n in counted)


def best(
    connection: sqlite3.Connection, table: str, words: Sequence[str], k: int, among: np.ndarray | None
) -> list[tuple[int, float]]:
    """Numbers and scores of the k best passages, best first, equal ones by age.

    words: at least one. among: numbers that may be found, ascending; None means any.
    """
    asked = " OR ".join(f'"{word}"' for word in words)
    # Sorting by number too lets SQLite keep the first k alone, where FTS5 by itself would sort all.
    limit = "" if among is not None else f" LIMIT {int(k)}"
    rows = connection.execute(
        f"SELECT rowid, -rank FROM {table} WHERE {table} MATCH ? ORDER BY rank, rowid{limit}",  # noqa: S608
        (asked,),
    )
    if among is None:
        return [(int(number), float(score)) for number, score in rows]
    allowed = set(among.tolist())
    found: list[tuple[int, float]] = []
    for number, score in rows:
        if number in allowed:
            found.append((int(number), float(score)))
            if len(found) == k:
                break
    rows.close()
    return found
