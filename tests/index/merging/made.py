"""Collections whose languages start ahead by known offsets, for tests of merge rules."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from index.bias.means import Means
from index.merging import Candidates, Merge, Statistics
from index.merging.fitting import fit

DIM = 64
SHARES = {"en": 0.6, "de": 0.25, "th": 0.1, "tr": 0.049, "yo": 0.001}


@dataclass(frozen=True)
class Planted:
    """Vectors, (n, dim) float32, not normalised: meaning and, beside it, a language's own vector.

    even: (n, dim), the same without the languages' vectors. languages: (n,) places in `codes`.
    """

    codes: list[str]
    languages: np.ndarray
    even: np.ndarray
    vectors: np.ndarray
    statistics: Statistics

    @property
    def sizes(self) -> dict[str, int]:
        """Language → passages."""
        return dict(zip(self.codes, np.bincount(self.languages).tolist(), strict=True))

    def order(self, merge: Merge, query: np.ndarray, k: int, asked: str = "und") -> np.ndarray:
        """All passages as a rule orders them, (n,) int64."""
        lens = merge.lens(query, self.statistics, asked)
        scores = lens.scores(lens.products(self.vectors, self.languages), self.languages)
        return merge.arrange(Candidates(self.languages, scores, np.arange(len(scores)), self.sizes), k)

    def even_order(self, query: np.ndarray) -> np.ndarray:
        """All passages as they would be ordered if no language started ahead."""
        return np.argsort(-(self.even @ query), kind="stable")


def planted(seed: int, n: int = 4000, strength: float = 0.5) -> Planted:
    """A collection of languages from 60 % to 0.1 %; strength: length of a language's own vector, 0 for none."""
    rng = np.random.default_rng(seed)
    codes, counts = list(SHARES), [max(4, round(share * n)) for share in SHARES.values()]
    languages = np.repeat(np.arange(len(codes)), counts)
    meanings = rng.standard_normal((len(languages), DIM)) / DIM**0.5
    own = rng.standard_normal((len(codes), DIM))
    own *= strength / np.linalg.norm(own, axis=1, keepdims=True)
    # The mean of a language's meanings is chance in a small one; without it the offset planted is the whole offset.
    for place in range(len(codes)):
        meanings[languages == place] -= meanings[languages == place].mean(axis=0)
    vectors = (meanings + own[languages]).astype(np.float32)
    means = Means(
        tuple(codes),
        np.array(counts),
        np.stack([vectors[languages == p].mean(axis=0) for p in range(len(codes))], dtype=np.float64),
    )
    samples = {code: vectors[languages == place] for place, code in enumerate(codes)}
    fitted = fit(samples, dict(zip(codes, counts, strict=True)), "f")
    return Planted(codes, languages, meanings.astype(np.float32), vectors, Statistics(means, fitted))


def query(seed: int) -> np.ndarray:
    """(dim,) float32 of length 1."""
    drawn = np.random.default_rng([7, seed]).standard_normal(DIM)
    return (drawn / np.linalg.norm(drawn)).astype(np.float32)
