"""What languages the hits would have if chance drew them from the pool, whatever they say."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from index.bias.ndkl import ndkl

__all__ = ["UNLIKELY", "Chance"]

UNLIKELY = 0.2
"""Hits of a language count as more, or fewer, than chance gives when chance gives as many, or as few, this often."""

_DRAWS = 2000
_FEWER_DRAWS = 400
_LONG = 100
"""Lists longer than this vary little, and are drawn fewer times."""

_LARGE = 10_000
"""A pool this many times the hits is as good as endless."""


class Chance:
    """Draws of some hits from a pool without putting back.

    counts: (L,) int64, passages of each language. hits: how many are drawn, at most as many as there are passages.
    """

    def __init__(self, counts: np.ndarray, hits: int) -> None:
        self.counts, self.hits = counts.astype(np.int64), hits
        self.shares = self.counts / self.counts.sum()
        self.expected = hits * self.shares

    @cached_property
    def many(self) -> np.ndarray:
        """The least number of hits above what is expected that comes by chance with `UNLIKELY` at most: (L,) int64."""
        upward = np.cumsum(self._probabilities[:, ::-1], axis=1)[:, ::-1]
        is_many = (upward <= UNLIKELY) & (np.arange(self.hits + 1) > self.expected[:, None])
        return np.asarray(np.where(is_many.any(axis=1), is_many.argmax(axis=1), self.hits + 1))

    @cached_property
    def few(self) -> np.ndarray:
        """The greatest number of hits below what is expected that does, (L,) int64; -1 where none is so unlikely."""
        downward = np.cumsum(self._probabilities, axis=1)
        is_few = (downward <= UNLIKELY) & (np.arange(self.hits + 1) < self.expected[:, None])
        return np.asarray(is_few.sum(axis=1) - 1)

    @cached_property
    def bounds(self) -> tuple[list[int], dict[int, int], list[float]]:
        """`many`; `few` of the languages of which some hits are expected, by place; `expected`: as plain numbers."""
        few = {place: most for place, most in enumerate(self.few.tolist()) if most >= 0}
        return self.many.tolist(), few, self.expected.tolist()

    @cached_property
    def _probabilities(self) -> np.ndarray:
        """Of 0 … `hits` hits in each language, (L, hits + 1): hypergeometric, from the ratios of neighbours."""
        own, other = self.counts[:, None], (self.counts.sum() - self.counts)[:, None]
        number = np.arange(self.hits + 1)
        is_possible = (number <= own) & (self.hits - number <= other)
        up, down = (own - number + 1) * (self.hits - number + 1), number * (other - self.hits + number)
        is_step = is_possible[:, 1:] & is_possible[:, :-1]
        steps = np.log(np.where(is_step, up[:, 1:], 1)) - np.log(np.where(is_step, down[:, 1:], 1))
        logs = np.concatenate([np.zeros((len(own), 1)), np.cumsum(steps, axis=1)], axis=1)
        logs = np.where(is_possible, logs, -np.inf)
        found = np.exp(logs - logs.max(axis=1, keepdims=True))
        return np.asarray(found / found.sum(axis=1, keepdims=True))

    @cached_property
    def ndkl(self) -> float:
        """The NDKL that one list of twenty exceeds by chance: the 95th percentile of simulated draws."""
        rng, draws = np.random.default_rng(0), _DRAWS if self.hits <= _LONG else _FEWER_DRAWS
        if self.counts.sum() > _LARGE * self.hits:
            drawn = rng.multinomial(self.hits, self.shares, size=draws)
        else:
            drawn = rng.multivariate_hypergeometric(self.counts, self.hits, size=draws, method="marginals")
        languages = np.repeat(np.tile(np.arange(len(self.counts)), draws), drawn.ravel()).reshape(draws, self.hits)
        return float(np.quantile(ndkl(rng.permuted(languages, axis=1), self.shares), 0.95))
