"""FAISS over vectors kept by language.

One exact (flat) index per language: a language filter is then a choice of indexes, never a
filter over candidates, so it is exact for the smallest language too. FAISS' own id filters
are ignored by some index types and on the GPU (facebookresearch/faiss#3924, #5504).
"""

from __future__ import annotations

from collections.abc import Sequence

import faiss
import numpy as np

__all__ = ["LanguageVectors"]


class LanguageVectors:
    """Vectors of one collection, one flat inner-product index per language.

    Not safe for threads that write; `Collection` holds the lock.
    """

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        # One query over one list is too little work to share, and requests run side by side already.
        faiss.omp_set_num_threads(1)
        self._lists: dict[str, faiss.IndexIDMap2] = {}
        self._language_of: dict[int, str] = {}

    def counts(self) -> dict[str, int]:
        """Language → number of vectors, languages without any left out."""
        return {code: int(index.ntotal) for code, index in sorted(self._lists.items()) if index.ntotal}

    def put(self, numbers: np.ndarray, languages: Sequence[str], vectors: np.ndarray) -> None:
        """Add vectors, or replace those whose number is there already, whatever language it had.

        numbers: (n,) int64. vectors: (n, dim) float32, L2-normalised.
        """
        self.remove(numbers.tolist())
        codes = np.array(languages)
        for code in dict.fromkeys(languages):
            chosen = codes == code
            if code not in self._lists:
                self._lists[code] = faiss.IndexIDMap2(faiss.IndexFlatIP(self.dimension))
            self._lists[code].add_with_ids(np.ascontiguousarray(vectors[chosen]), numbers[chosen])
        self._language_of.update(zip(numbers.tolist(), languages, strict=True))

    def remove(self, numbers: Sequence[int]) -> None:
        """Remove vectors; numbers that are not there are passed over."""
        by_language: dict[str, list[int]] = {}
        for number in numbers:
            if (code := self._language_of.pop(number, None)) is not None:
                by_language.setdefault(code, []).append(number)
        for code, gone in by_language.items():
            self._lists[code].remove_ids(faiss.IDSelectorBatch(np.array(gone, dtype=np.int64)))

    def among(self, query: np.ndarray, k: int, numbers: Sequence[int]) -> list[tuple[int, str, float]]:
        """The k nearest among the passages of the given numbers; as `search` otherwise."""
        scored = [
            (n, self._language_of[n], float(self._lists[self._language_of[n]].reconstruct(n) @ query)) for n in numbers
        ]
        return sorted(scored, key=lambda hit: (-hit[2], hit[0]))[:k]

    def search(self, query: np.ndarray, k: int, languages: Sequence[str]) -> list[tuple[int, str, float]]:
        """The k nearest passages of the given languages: (number, language, cosine), best first.

        query: (dim,) float32, L2-normalised. Equal scores are ordered by number.
        """
        found: list[tuple[int, str, float]] = []
        for code in languages:
            index = self._lists.get(code)
            if index is not None and index.ntotal:
                scores, numbers = index.search(query[np.newaxis], min(k, int(index.ntotal)))
                hits = zip(numbers[0].tolist(), scores[0].tolist(), strict=True)
                found += [(number, code, score) for number, score in hits if number >= 0]
        return sorted(found, key=lambda hit: (-hit[2], hit[0]))[:k]
