"""BM25 by its formula, over passages in memory."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

import numpy as np
import pytest

from index.filters import matches, parse_filter
from index.lexical.matching import chosen_words
from index.lexical.tokens import stemmed
from index.local.index import LocalIndex
from index.passages import Passage


def brute_force(
    passages: Mapping[str, Passage], query: str, language: str, where: dict[str, object] | None = None
) -> dict[str, float]:
    """Passage id → BM25 by the formula of `index/lexical/matching.py`, for the passages of one language."""
    cut = {p.id: Counter(stemmed(p.searchable, language)) for p in passages.values() if p.language == language}
    lengths = {identity: sum(words.values()) for identity, words in cut.items()}
    holding = Counter(word for words in cut.values() for word in words)
    found: dict[str, float] = {}
    for word in chosen_words(stemmed(query, language), holding, len(cut)):
        idf = max(math.log((len(cut) - holding[word] + 0.5) / (holding[word] + 0.5)), 1e-6)
        for identity, words in cut.items():
            if words[word] and matches(passages[identity].metadata, parse_filter(where)):
                norm = 1.2 * (0.25 + 0.75 * lengths[identity] / (sum(lengths.values()) / len(cut)))
                found[identity] = found.get(identity, 0.0) + idf * words[word] * 2.2 / (words[word] + norm)
    return found


def require_brute_force(index: LocalIndex, held: Mapping[str, Passage], query: str, vector: np.ndarray) -> None:
    """Lexical search finds what it should among the living passages, by the right scores, and nothing else."""
    languages = sorted({passage.language for passage in held.values()})
    for where in (None, {"year": {"lt": 2}}):
        expected = {i: s for code in languages for i, s in brute_force(held, query, code, where).items()}
        hits = index.lexical.search(query, vector, 1000, languages, parse_filter(where))
        assert {hit.passage.id: hit.lexical_score for hit in hits} == pytest.approx(expected, abs=1e-9)
        assert all(hit.passage == held[hit.passage.id] for hit in hits), "no old version"
        scores = [hit.lexical_score for hit in hits]
        assert scores == sorted(scores, reverse=True)
