"""BM25 of many queries with many passages at once, by the formula of the index (`index/lexical/matching.py`).

The index answers one query at a time from SQLite; judging needs every score. `benchmarks.hybrid` compares the two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from index.lexical.matching import attainable, chosen_words
from index.lexical.tokens import stemmed


@dataclass(frozen=True)
class Words:
    """The passages of one language, cut into words.

    weights: (n_passages, n_words) sparse, what each word of each passage is worth. numbers: word → column.
    holding: word → passages that hold it.
    """

    language: str
    weights: sparse.csr_array
    numbers: dict[str, int]
    holding: dict[str, int]

    @classmethod
    def of(cls, texts: Sequence[str], language: str) -> Words:
        """Cut and weigh passages."""
        cut = [Counter(stemmed(text, language)) for text in texts]
        numbers: dict[str, int] = {}
        entries = [(row, numbers.setdefault(w, len(numbers)), f) for row, c in enumerate(cut) for w, f in c.items()]
        rows, columns, counts = (np.array(column) for column in zip(*entries, strict=True))
        held = np.bincount(columns, minlength=len(numbers))
        rarity = np.maximum(np.log((len(texts) - held + 0.5) / (held + 0.5)), 1e-6)
        lengths = np.array([counter.total() for counter in cut])
        norm = 1.2 * (0.25 + 0.75 * lengths / lengths.mean())
        values = rarity[columns] * counts * 2.2 / (counts + norm[rows])
        shape = (len(texts), len(numbers))
        weights = sparse.coo_array((values, (rows, columns)), shape).tocsr()
        return cls(language, weights, numbers, {word: int(held[column]) for word, column in numbers.items()})

    def score(self, queries: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """BM25 of queries with all passages, (n_queries, n_passages), and what each query could reach, (n_queries,)."""
        size = self.weights.shape[0]
        cut = [stemmed(query, self.language) for query in queries]
        found = [[self.numbers[word] for word in chosen_words(words, self.holding, size)] for words in cut]
        rows = np.repeat(np.arange(len(found)), [len(columns) for columns in found])
        columns = np.array([column for columns in found for column in columns], dtype=np.int64)
        asked = sparse.coo_array((np.ones(len(rows)), (rows, columns)), (len(found), len(self.numbers))).tocsr()
        reach = np.array([attainable(words, self.holding, size) for words in cut])
        return (asked @ self.weights.T).toarray().astype(np.float32), reach
