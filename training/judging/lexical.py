"""BM25 over words and character bigrams, the baseline that has learned nothing.

Weights are Lucene's variant of BM25 (Kamphuis et al., ECIR 2020) with k1 = 1.5 and b = 0.75, as
`bm25s` computes them. One index holds the passages of all languages: rarity and mean length are
those of the whole pool, also where a measure looks at one language's passages alone. A query
reaches another language only by what both write alike: names in one script, digits, loan words.

Words and bigrams are those of the index's own lexical search (`index/lexical/tokens.py`), unstemmed.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import bm25s
import numpy as np
from rich.progress import Progress
from scipy import sparse

from index.errors import InvalidInput
from index.lexical.tokens import tokens
from training.benchmarks.base import Benchmark

__all__ = ["LexicalScorer"]

_ROWS = 256
"""Queries whose scores exist in float64 at a time: 17 MB against a block of passages."""

_STEP = 1_000


class LexicalScorer:
    """BM25 scores of a benchmark's queries and passages, the `Scorer` of the name "bm25".

    progress: shows how far the index is; None shows nothing.
    queries: (n_queries, n_tokens) sparse, how often each token stands in each query.
    weights: (n_passages, n_tokens) sparse, what each token of each passage is worth.
    Memory: 4 bytes for every token of the passages while the index is made, then 12 for each
    different token of each passage. Raises InvalidInput when no passage holds a letter or digit.
    """

    def __init__(self, benchmark: Benchmark, progress: Progress | None = None) -> None:
        numbers: dict[str, int] = {}
        read = _numbered(benchmark.passages, numbers, progress)
        if not numbers:
            raise InvalidInput(f"No passage of {benchmark.name} holds a letter or digit; BM25 has nothing to count.")
        self.weights = _weights(read, numbers)
        self.queries = _counts(benchmark.queries, numbers)

    def block(self, queries: np.ndarray, passages: np.ndarray) -> np.ndarray:
        """Scores of all queries with all passages: (n_queries, n_passages) float32."""
        scores = np.empty((len(queries), len(passages)), dtype=np.float32)
        told = self.weights[passages].T.tocsr()
        for start in range(0, len(queries), _ROWS):
            here = slice(start, start + _ROWS)
            scores[here] = (self.queries[queries[here]] @ told).toarray()
        return scores

    def pairs(self, queries: np.ndarray, passages: np.ndarray) -> np.ndarray:
        """Scores of query i with passage i: (n,) float32."""
        scores = np.empty(len(queries), dtype=np.float32)
        for start in range(0, len(queries), _STEP):
            here = slice(start, start + _STEP)
            shared = self.queries[queries[here]].multiply(self.weights[passages[here]])
            scores[here] = np.asarray(shared.sum(axis=1)).ravel()
        return scores


def _numbered(texts: Sequence[str], numbers: dict[str, int], progress: Progress | None) -> list[array[int]]:
    """Each text's tokens as numbers; tokens not met before are added to `numbers`."""
    task = None if progress is None else progress.add_task("Indexing words", total=len(texts))
    read: list[array[int]] = []
    for count, text in enumerate(texts, start=1):
        read.append(array("i", [numbers.setdefault(token, len(numbers)) for token in tokens(text)]))
        if progress is not None and task is not None and (count % _STEP == 0 or count == len(texts)):
            progress.update(task, completed=count)
    return read


def _weights(read: list[array[int]], numbers: dict[str, int]) -> sparse.csr_array:
    # bm25s sums in float32 otherwise, and the last bit would depend on the order of a query's words.
    retriever = bm25s.BM25(method="lucene", k1=1.5, b=0.75, dtype="float64", csc_backend="scipy")
    retriever.index((read, numbers), create_empty_token=False, show_progress=False)
    parts = tuple(retriever.scores[name] for name in ("data", "indices", "indptr"))
    weights = sparse.csc_array(parts, shape=(len(read), len(numbers))).tocsr()
    weights.sort_indices()
    return weights


def _counts(texts: Sequence[str], numbers: dict[str, int]) -> sparse.csr_array:
    """Tokens no passage holds are left out: they add nothing to any score."""
    found = [[numbers[token] for token in tokens(text) if token in numbers] for text in texts]
    columns = np.fromiter((number for row in found for number in row), dtype=np.int32)
    starts = np.cumsum([0, *map(len, found)])
    counts = sparse.csr_array((np.ones(len(columns)), columns, starts), shape=(len(texts), len(numbers)))
    counts.sum_duplicates()
    return counts
