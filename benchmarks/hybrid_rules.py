"""Ways to join two orders of passages, each as scores of all passages of a pool; more is better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from index.lexical.fusion import nearness, weighed


@dataclass(frozen=True)
class Pool:
    """Some queries and the passages searched.

    cosines, words: (n_queries, n_passages), BM25 being 0 where no word matches. reach: (n_queries, n_languages), the
    BM25 a query could reach in each language. codes: (n_passages,) the passages' languages. own: (n_queries,
    n_languages) bool, the language of the query.
    """

    cosines: np.ndarray
    words: np.ndarray
    reach: np.ndarray
    codes: np.ndarray
    own: np.ndarray

    def only(self, columns: np.ndarray) -> Pool:
        """The same queries with some of the passages."""
        return Pool(self.cosines[:, columns], self.words[:, columns], self.reach, self.codes[columns], self.own)

    def own_words(self) -> np.ndarray:
        """BM25 in the query's languages alone."""
        return np.where(self.own[:, self.codes], self.words, 0.0)


Rule = Callable[[Pool], np.ndarray]
Fusion = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""Cosines, BM25 and reach within one language → scores."""


def on_places(fusion: Fusion, everywhere: bool = False) -> Rule:
    """Each language keeps its places in the order of the vectors; fusion says who stands on them.

    everywhere: in all languages, not in the query's alone.
    """

    def rule(pool: Pool) -> np.ndarray:
        """The cosines, dealt out anew within each language."""
        scores = pool.cosines.copy()
        for code in np.unique(pool.codes):
            rows = np.arange(len(scores)) if everywhere else np.flatnonzero(pool.own[:, code])
            here = np.ix_(rows, np.flatnonzero(pool.codes == code))
            if len(rows):
                cosines = pool.cosines[here]
                order = np.argsort(-fusion(cosines, pool.words[here], pool.reach[rows, code]), axis=1, kind="stable")
                dealt = np.empty_like(cosines)
                np.put_along_axis(dealt, order, -np.sort(-cosines, axis=1), axis=1)
                scores[here] = dealt
        return scores

    return rule


def _places(scores: np.ndarray) -> np.ndarray:
    order = np.argsort(-scores, axis=1, kind="stable")
    found = np.empty(scores.shape, dtype=np.int64)
    np.put_along_axis(found, order, np.broadcast_to(np.arange(1, scores.shape[1] + 1), scores.shape), axis=1)
    return found


def reciprocal(cosines: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Reciprocal rank fusion: 1 / (60 + rank) of both orders (Cormack, Clarke and Büttcher 2009)."""
    return np.asarray(1 / (60 + _places(cosines)) + np.where(words > 0, 1 / (60 + _places(words)), 0.0))


def best_is_one(cosines: np.ndarray, words: np.ndarray, share: float = 0.65) -> np.ndarray:
    """A convex combination with the best BM25 of the language as 1, however little it is."""
    return (1 - share) * nearness(cosines) + share * words / np.maximum(words.max(axis=1, keepdims=True), 1e-9)


RULES: dict[str, Rule] = {
    "vectors alone (`dense`)": lambda pool: pool.cosines,
    "words alone (`lexical`)": lambda pool: pool.words,
    "reciprocal ranks": lambda pool: reciprocal(pool.cosines, pool.words),
    "reciprocal ranks, words of the query's language": lambda pool: reciprocal(pool.cosines, pool.own_words()),
    "on the query language's places, reciprocal ranks": on_places(lambda cosines, words, _: reciprocal(cosines, words)),
    "on the query language's places, best BM25 = 1": on_places(lambda cosines, words, _: best_is_one(cosines, words)),
    "on the query language's places, BM25 / attainable": on_places(weighed),
    "on every language's places, BM25 / attainable (`hybrid`)": on_places(weighed, everywhere=True),
}
