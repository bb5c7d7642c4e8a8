"""What the suites that run against every backend share."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck

from index.backend import PassageIndex
from index.passages import Passage
from index.question import Scope

DIMENSION = 16
QUICK = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]}


def unit(seed: int) -> np.ndarray:
    """(16,) float32 of length 1."""
    vector = np.random.default_rng(seed).standard_normal(DIMENSION)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def units(*seeds: int) -> np.ndarray:
    """(n, 16) float32, L2-normalised."""
    return np.stack([unit(seed) for seed in seeds])


PASSAGES = [
    Passage("tides.en", "tide moon", "en", "Tides", {"topic": "tides", "year": 2004, "tag": ["sea", "moon"]}),
    Passage("tides.de", "ebbe\nmond", "de", None, {"topic": "tides", "year": "2004", "open": True}),
    Passage("bread.en", "bread yeast", "en"),
    Passage(
        "bread.zh-Hant", "麵包", "zh-Hant", "麵包", {"topic": "bread", "year": 1998.5, "n": 2**70, "deep": {"a": [1]}}
    ),
    Passage("😀 \"quoted\" 'so' \\ and\tso\n", "น้ำ", "th", metadata={"": "empty", 'a"]': "x", "none": None}),
]
VECTORS = units(*range(len(PASSAGES)))


def found(index: PassageIndex, scope: Scope, seed: int = 0) -> list[str]:
    return [hit.passage.id for hit in index.search(units(seed), scope)[0]]


def everything(index: PassageIndex, size: int = 1000) -> dict[str, tuple[Passage, list[float]]]:
    blocks = list(index.scan(size=size))
    assert all(0 < len(block.passages) == len(block.vectors) <= size for block in blocks)
    pairs = [pair for b in blocks for pair in zip(b.passages, b.vectors.tolist(), strict=True)]
    assert [p.id for p, _ in pairs] == sorted({p.id for p, _ in pairs}), "in order of id, each once"
    return {p.id: (p, v) for p, v in pairs}
