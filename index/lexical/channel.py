"""Lexical search of one local collection: switched on and off, kept current, asked."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import numpy as np

from index.answer import Hit
from index.errors import Conflict, InvalidInput
from index.filters import Condition
from index.lexical import tables
from index.lexical.matching import attainable, best, chosen_words, rarity
from index.lexical.tokens import stemmed
from index.local import facets
from index.local.keeper import Keeper
from index.local.state import State
from index.local.view import View

__all__ = ["Channel"]

_PASSAGES_AT_ONCE = 500
"""Passages taken in by one transaction: writers wait a tenth of a second for it."""


_REMEMBERED = 50_000
"""Words whose rarity is remembered."""


class Channel:
    """The words of one collection. Safe for threads.

    is_writer: whether this process may write to the collection, and goes on with what is unfinished.
    """

    def __init__(self, state: State, name: str, is_writer: bool) -> None:
        self._state, self._name, self._is_writer = state, name, is_writer
        self._keeper = Keeper(name, self.build, "its words could not be taken in")
        self._rarity: tuple[View, dict[tuple[str, str], int]] = (state.view, {})
        if is_writer and not self._is_complete():
            self._keeper.wake()

    def info(self) -> dict[str, Any]:
        """Whether it is "off", "building" or "ready", how many of the passages are in, and what went wrong last."""
        known = self._read()
        if known is None:
            return {"state": "off"}
        if known.is_ready:
            return {"state": "ready"}
        done = round(known.built / max(known.target, 1), 4)
        return {"state": "building", "done": done, "fault": self._keeper.fault}

    def _read(self) -> tables.WordsState | None:
        with self._state.store.database.reading() as connection:
            return tables.read_state(connection)

    def _is_complete(self) -> bool:
        known = self._read()
        return known is None or known.is_ready

    def switch(self, is_on: bool) -> None:
        """Switch lexical search on or off; what is on already stays as it is.

        Stored passages are taken in by a thread, meanwhile and after a restart; writes are followed at once. Nothing
        is encoded. Raises InvalidInput when this SQLite has no FTS5.
        """
        with self._state.writing, self._state.store.database.transaction() as connection:
            known = tables.read_state(connection)
            if is_on and known is None:
                tables.start(connection)
            elif not is_on and known is not None:
                tables.drop_all(connection)
        if is_on:
            self._keeper.wake()

    def build(self) -> None:
        """Take in all passages that are not in yet; what is committed stays, so that a later call goes on there."""
        is_more = True
        while is_more and not self._keeper.is_closing:
            with self._state.writing, self._state.store.database.transaction() as connection:
                is_more = tables.extend(connection, _PASSAGES_AT_ONCE)

    def search(
        self,
        query: str,
        vector: np.ndarray,
        k: int,
        languages: Sequence[str],
        where: tuple[Condition, ...] = (),
    ) -> list[Hit]:
        """The k passages with the highest BM25, best first; `lexical_score` is that, `score` the cosine.

        The query is cut and stemmed anew for each language searched. vector: (dim,) float32, the query's,
        L2-normalised.
        Raises InvalidInput while lexical search is off, Conflict until it is built.
        """
        self.require_ready()
        fitting = facets.fitting(self._state.store.database, where) if where else None
        found: list[tuple[float, int]] = []
        for code in languages:
            among = None if fitting is None else fitting.get(code, np.empty(0, dtype=np.int64))
            if among is None or len(among):
                found += self._in_language(query, code, k, among)
        ranked = sorted(found, key=lambda pair: (-pair[0], pair[1]))[:k]
        return self._hits(ranked, vector, set(languages))

    def attainable(self, query: str, language: str) -> float:
        """BM25 of a passage of mean length that holds every word of a query once, in one language."""
        words = stemmed(query, language)
        with self._state.store.database.reading() as connection:
            table = tables.table_names(connection).get(language)
            rare = {} if table is None else self._rare(connection, table, words)
        return attainable(words, rare, self._state.view.counts().get(language, 0))

    def _in_language(self, query: str, language: str, k: int, among: np.ndarray | None) -> list[tuple[float, int]]:
        words = stemmed(query, language)
        with self._state.store.database.reading() as connection:
            table = tables.table_names(connection).get(language)
            if table is None:
                return []
            rare = self._rare(connection, table, words)
            chosen = chosen_words(words, rare, self._state.view.counts().get(language, 0))
            return [(score, number) for number, score in best(connection, table, chosen, k, among)] if chosen else []

    def _rare(self, connection: sqlite3.Connection, table: str, words: Sequence[str]) -> dict[str, int]:
        """Word → passages that hold it; remembered while nothing is written, because to count is to read them all."""
        view, known = self._rarity
        if view is not self._state.view or len(known) > _REMEMBERED:
            known = {}
            self._rarity = (self._state.view, known)
        unknown = [word for word in dict.fromkeys(words) if (table, word) not in known]
        fresh = rarity(connection, table, unknown)
        known.update({(table, word): fresh.get(word, 0) for word in unknown})
        return {word: known[table, word] for word in words if known[table, word]}

    def _hits(self, ranked: list[tuple[float, int]], vector: np.ndarray, languages: set[str]) -> list[Hit]:
        numbers = [number for _, number in ranked]
        store = self._state.store
        passages, vectors = store.get(numbers), store.vectors_of(numbers, self._state.dimension)
        return [
            Hit(passages[number], float(vectors[number] @ vector), lexical_score=score)
            for score, number in ranked
            if number in passages and number in vectors and passages[number].language in languages
        ]

    def require_ready(self) -> None:
        """Raise InvalidInput while lexical search is off, Conflict until it is built."""
        known = self._read()
        if known is None:
            raise InvalidInput(
                f"Lexical search of collection {self._name!r} is off; switch it on with isoglot index lexical "
                f"{self._name} --on or PUT /collections/{self._name}/lexical, or use mode 'dense'.",
                collection=self._name,
            )
        if not known.is_ready:
            raise Conflict(
                f"Lexical search of collection {self._name!r} is being built ({known.built:,} of {known.target:,}); "
                "use mode 'dense' until it is ready.",
                collection=self._name,
                built=known.built,
                target=known.target,
            )

    def close(self) -> None:
        """Stop taking in; what is committed stays."""
        self._keeper.close()
