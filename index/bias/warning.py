"""When an answer is called biased: four conditions that one language must meet together.

1. Enough is at stake: by the slope of the scores at the end of the list, its offset alone gives the language or takes
   from it `LEAST_EFFECT` hits or more.
2. The hits show it: chance would give it as many (or as few) hits in one list of five at most (`Chance`).
3. The offset is none of a small sample: it is `LEAST_ERRORS` standard errors of the language's mean or more.
4. All of the language is ahead, not a part that speaks of the query's subject: the lower half of its scores is ahead of
   the pool's lower half too, by half the offset or more, and by `LEAST_LOWER_ERRORS` standard errors.

How seldom chance meets them and how often planted bias does is simulated by `benchmarks/planted.py`; docs/bias.md
shows it, and what no number of one answer can tell.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from index.bias.chance import Chance
from index.bias.pool import Pool

__all__ = ["LEAST_EFFECT", "LEAST_ERRORS", "LEAST_LOWER_ERRORS", "Leaning", "leaning", "slope"]

LEAST_EFFECT = 0.75
LEAST_ERRORS = 4.0
LEAST_LOWER_ERRORS = 2.0
_LEAST_SHARE = 0.5
_LEAST_FOUND = 8
"""Of fewer scores no slope is known."""

_STEEPEST = 30.0


class Leaning(NamedTuple):
    """The language an answer leans to, or away from.

    place: of the language. effect: hits that its offset gives it, below 0 where it takes them.
    """

    place: int
    effect: float


def slope(scores: np.ndarray) -> float:
    """How steeply passages become more as scores fall, at the end of a list, (m,): N(s) ~ exp(−slope · s).

    ln 2 / (median − least): the median estimate for scores above a threshold that fall off exponentially.
    """
    return math.log(2) / max(float(np.median(scores) - scores[-1]), 1e-4)


def leaning(
    query: np.ndarray, pool: Pool, offsets: np.ndarray, hits: np.ndarray, scores: np.ndarray, chance: Chance
) -> Leaning | None:
    """The language that meets all conditions, the one with most at stake; None where none does.

    query: (dim,) float32. offsets: (L,). hits: (L,), of each language. scores: (m,), of all found, best first.
    """
    if len(scores) < _LEAST_FOUND or len(offsets) < 2:
        return None
    effects = _effects(offsets, hits, slope(scores), chance)
    is_odd = np.where(effects > 0, hits >= chance.many, hits <= chance.few)
    suspects = np.flatnonzero(is_odd & (np.abs(effects) >= LEAST_EFFECT))
    for place in suspects[np.argsort(-np.abs(effects[suspects]))].tolist():
        if _is_ahead(query, pool, place, float(offsets[place])):
            return Leaning(place, float(effects[place]))
    return None


def _effects(offsets: np.ndarray, hits: np.ndarray, steep: float, chance: Chance) -> np.ndarray:
    """Hits that each language's offset gives it: (L,).

    Scores raised by o bring exp(slope · o) times as many passages past a threshold, which rises so that the hits stay
    as many. What a language behind misses is counted from what is expected: it may have no hits at all.
    """
    growth = np.exp(np.clip(steep * offsets, -_STEEPEST, _STEEPEST))
    lift = growth / (chance.shares @ growth)
    return np.asarray(np.where(lift >= 1, hits * (1 - 1 / lift), chance.expected * (lift - 1)))


def _is_ahead(query: np.ndarray, pool: Pool, place: int, offset: float) -> bool:
    """Whether a language's offset is beyond chance and the lower half of its scores goes along."""
    own = np.sort(pool.samples.of(pool.means.languages[place]) @ query)
    everyone = np.sort(pool.samples.of_pool @ query)
    spread, count = float(everyone.std()), int(pool.means.counts[place])
    error = spread * math.sqrt(max(1 - float(pool.means.shares[place]), 0.0) / count)
    lower = _lower_half(own) - _lower_half(everyone)
    lower_error = spread * math.sqrt(1 / max(len(own), 1) + 1 / len(everyone))
    sign = math.copysign(1.0, offset)
    needed = max(_LEAST_SHARE * abs(offset), LEAST_LOWER_ERRORS * lower_error)
    return abs(offset) >= LEAST_ERRORS * error and sign * lower >= needed


def _lower_half(scores: np.ndarray) -> float:
    """Mean of the lower half of sorted scores."""
    return float(scores[: max(1, len(scores) // 2)].mean()) if len(scores) else 0.0
