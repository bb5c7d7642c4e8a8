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
from index.lexical.fusion import DEPTH, weighed
from index.lexical.matching import attainable, best, chosen_words, rarity
from index.lexical.tokens import stemmed
from index.local import facets
from index.local.keeper import Keeper
from index.local.state import State
from index.local.store import Numbers
from index.local.view import View

__all__ = ["Channel"]

_PASSAGES_AT_ONCE = 500
"""Passages taken in by one transaction: writers wait a tenth of a second for it."""


_NONE = np.empty(0, dtype=np.int64)

_REMEMBERED = 50_000
"""Words whose rarity is remembered."""


class Channel:
    """The words of one collection. Safe for threads.

    is_writer: whether this process may write to the collection, and goes on with what is unfinished.
    """

    def __init__(self, state: State, name: str, is_writer: bool) -> None:
        self._state, self._name = state, name
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
        if self._is_complete():
            return
        is_more = True
        while is_more and not self._keeper.is_closing:
            with self._state.writing, self._state.store.database.transaction() as connection:
                is_more = tables.extend(connection, _PASSAGES_AT_ONCE)
        with self._state.store.database.reading() as connection:
            names = list(tables.table_names(connection).values())
        for name in names:
            self._merge(name)

    def _merge(self, table: str) -> None:
        is_first = is_more = True
        while is_more and not self._keeper.is_closing:
            with self._state.writing, self._state.store.database.transaction() as connection:
                if table not in tables.table_names(connection).values():
                    return  # switched off meanwhile
                is_more = tables.merge(connection, table, is_first)
            is_first = False

    def search(
        self, query: str, vector: np.ndarray, k: int, languages: Sequence[str], where: tuple[Condition, ...] = ()
    ) -> list[Hit]:
        """The k passages with the highest BM25, best first; `lexical_score` is that, `score` the cosine.

        The query is cut and stemmed anew for each language searched. vector: (dim,) float32, the query's,
        L2-normalised. Raises InvalidInput while lexical search is off, Conflict until it is built.
        """
        self.require_ready()
        found = [pair for code in languages for pair in self._in_language(query, code, k, where)[0]]
        ranked = sorted(found, key=lambda pair: (-pair[1], pair[0]))[:k]
        cosines = self._cosines(vector, [number for number, _ in ranked])
        hits = [(number, cosines.get(number, 0.0), score) for number, score in ranked]
        return self._hits(hits, set(languages))

    def fused(
        self, query: str, vector: np.ndarray, k: int, language: str, where: tuple[Condition, ...] = ()
    ) -> list[Hit]:
        """The k best passages of one language by vectors and words together (`fusion.weighed`), best first.

        Empty where no word of the query stands in any of them. vector: (dim,) float32, the query's, L2-normalised.
        """
        depth = max(DEPTH, k)
        words, reach = self._in_language(query, language, depth, where)
        if not words:
            return []
        view = self._state.view
        scores, numbers = view.nearest(vector[None, :], depth, (language,), where, self._fitting)
        near = {n: float(s) for n, s in zip(numbers[0].tolist(), scores[0].tolist(), strict=True) if n >= 0}
        told = dict(words)
        inexact = [number for number in {**near, **told} if view.is_coarse or number not in near]
        near |= self._cosines(vector, inexact)
        candidates = sorted(near)
        bm25 = np.array([told.get(number, 0.0) for number in candidates])
        weights = weighed(np.array([near[number] for number in candidates]), bm25, reach)
        best = [candidates[row] for row in np.argsort(-weights, kind="stable")[:k].tolist()]
        return self._hits([(number, near[number], told.get(number)) for number in best], {language})

    def _fitting(self, conditions: tuple[Condition, ...]) -> Numbers:
        return facets.fitting(self._state.store.database, conditions)

    def _in_language(
        self, query: str, language: str, k: int, where: tuple[Condition, ...]
    ) -> tuple[list[tuple[int, float]], float]:
        """Numbers and BM25 of the k best passages of one language, and the BM25 that the query could reach."""
        among = self._fitting(where).get(language, _NONE) if where else None
        if among is not None and not len(among):
            return [], 0.0
        words, passages = stemmed(query, language), self._state.view.counts().get(language, 0)
        with self._state.store.database.reading() as connection:
            table = tables.table_names(connection).get(language)
            if table is None:
                return [], 0.0
            rare = self._rare(connection, table, words)
            chosen = chosen_words(words, rare, passages)
            found = best(connection, table, chosen, k, among) if chosen else []
        return found, attainable(words, rare, passages)

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

    def _cosines(self, vector: np.ndarray, numbers: Sequence[int]) -> dict[int, float]:
        known, held = self._state.store.vectors_of(numbers, self._state.dimension)
        return dict(zip(known.tolist(), (held @ vector).tolist(), strict=True))

    def _hits(self, ranked: Sequence[tuple[int, float, float | None]], languages: set[str]) -> list[Hit]:
        """Hits of numbers with cosine and BM25, those deleted meanwhile left out."""
        passages = self._state.store.get([number for number, *_ in ranked])
        return [
            Hit(passages[number], round(cosine, 6), lexical_score=score)
            for number, cosine, score in ranked
            if number in passages and passages[number].language in languages
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
