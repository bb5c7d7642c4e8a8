"""Clustered vectors in several languages, and the exact answer by plain numpy."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from index.backend import PassageIndex
from index.filters import matches, parse_filter
from index.local.build import Shape
from index.local.index import LocalIndex
from index.passages import Passage
from index.question import Scope

DIMENSION = 16
FACTS = {"encoder": "made", "fingerprint": "0", "dimension": str(DIMENSION)}
LANGUAGES = ["de", "en", "sw", "th"]
SMALL = Shape(exact_below=200)
"""Segments and graphs at a few hundred passages."""


def vectors(n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((40, DIMENSION))
    drawn = centres[rng.integers(0, 40, n)] + 0.5 * rng.standard_normal((n, DIMENSION))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def passages(n: int, first: int = 0, version: int = 0) -> list[Passage]:
    """Languages by shares of .6, .3, .01 and .09; metadata to filter by."""
    rng = np.random.default_rng(first)
    codes = rng.choice(LANGUAGES, n, p=[0.6, 0.3, 0.01, 0.09])
    return [
        Passage(
            f"p{i}", f"text {i} {version}", str(codes[i - first]), None, {"year": i % 50, "tag": ["a", "b"][i % 2 :]}
        )
        for i in range(first, first + n)
    ]


def open_made(folder: Path, shape: Shape = SMALL, read_only: bool = False) -> LocalIndex:
    return LocalIndex(folder, FACTS, read_only, shape)


class Model:
    """What a collection should hold: id → (passage, vector)."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[Passage, np.ndarray]] = {}

    def upsert(self, given: list[Passage], vectors: np.ndarray) -> None:
        self.rows.update({p.id: (p, v) for p, v in zip(given, vectors, strict=True)})

    def delete(self, ids: list[str]) -> None:
        for identity in ids:
            self.rows.pop(identity, None)

    def search(self, vector: np.ndarray, scope: Scope) -> list[float]:
        """The k best scores, best first."""
        allowed = [
            v
            for p, v in self.rows.values()
            if (scope.languages is None or p.language in scope.languages) and matches(p.metadata, scope.where)
        ]
        return sorted((float(v @ vector) for v in allowed), reverse=True)[: scope.k]


def require_equal(index: PassageIndex, model: Model, queries: np.ndarray, tolerance: float = 1e-5) -> None:
    """Searches of every kind give what the model gives, and only what it holds."""
    held = {p.language for p, _ in model.rows.values()}
    assert index.counts() == {c: sum(p.language == c for p, _ in model.rows.values()) for c in sorted(held)}
    for languages in (None, *[(code,) for code in sorted(held)], tuple(sorted(held)[:2])):
        for where in (None, {"year": {"lt": 5}}, {"tag": "a", "year": {"in": [3, 4, 30]}}):
            scope = Scope(10, languages, parse_filter(where))
            for query, hits in zip(queries, index.search(queries, scope), strict=True):
                for hit in hits:
                    assert model.rows[hit.passage.id][0] == hit.passage, "no old version"
                    assert languages is None or hit.passage.language in languages
                    assert matches(hit.passage.metadata, scope.where)
                expected = model.search(query, scope)
                assert len(hits) == len(expected)
                close = np.abs(np.array([hit.score for hit in hits]) - expected) < tolerance
                assert close.mean() >= 0.9 if len(close) else True


def fill(index: LocalIndex, model: Model, n: int, first: int = 0, version: int = 0) -> None:
    """Store n passages in batches of a hundred, in both."""
    for start in range(first, first + n, 100):
        batch, rows = passages(min(100, first + n - start), start, version), vectors(100, start + version)
        index.upsert(batch, rows[: len(batch)])
        model.upsert(batch, rows[: len(batch)])


def require_means(index: PassageIndex, model: Model) -> None:
    """The means are those of the vectors the model holds."""
    means, codes = index.means(), [p.language for p, _ in model.rows.values()]
    assert means.languages == tuple(sorted(set(codes)))
    assert means.counts.tolist() == [codes.count(code) for code in means.languages]
    for code, mean in zip(means.languages, means.vectors, strict=True):
        held = [vector.astype(np.float64) for p, vector in model.rows.values() if p.language == code]
        assert np.allclose(mean, np.mean(held, axis=0), rtol=0, atol=2**-36)
