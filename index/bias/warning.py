"""When an answer is called biased: four conditions that one language must meet together.

1. Enough is at stake: by the slope of the scores at the end of the list, its offset alone gives the language or takes
   from it `LEAST_EFFECT` hits or more.
2. The hits show it: chance would give it as many (or as few) hits in one list of five at most (`Chance`).
3. The offset is none of a small sample: it is `LEAST_ERRORS` standard errors of the language's mean or more.
4. All of the language is ahead, not a part that speaks of the query's subject: the lower half of its scores is ahead of
   the other languages' lower half too, by half of what the means say or more, and by `LEAST_LOWER_ERRORS`
   standard errors.

How seldom chance meets them and how often planted bias does is simulated by `benchmarks/planted.py`; docs/bias.md
shows it, and what no number of one answer can tell.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from index.bias.chance import Chance
from index.bias.pool import Pool
from index.products import inner

__all__ = ["LEAST_EFFECT", "LEAST_ERRORS", "LEAST_LOWER_ERRORS", "Leaning", "leaning", "slope"]

LEAST_EFFECT = 0.75
LEAST_ERRORS = 4.0
LEAST_LOWER_ERRORS = 2.5
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


def slope(scores: Sequence[float]) -> float:
    """How steeply passages become more as scores fall, at the end of a list, best first: N(s) ~ exp(−slope · s).

    ln 2 / (median − least): the median estimate for scores above a threshold that fall off exponentially.
    """
    middle = (scores[(len(scores) - 1) // 2] + scores[len(scores) // 2]) / 2
    return math.log(2) / max(middle - scores[-1], 1e-4)


def leaning(
    query: np.ndarray,
    pool: Pool,
    offsets: np.ndarray,
    hits: Mapping[int, int],
    scores: Sequence[float],
    chance: Chance,
) -> Leaning | None:
    """The language that meets all conditions, the one with most at stake; None where none does.

    query: (dim,) float32. offsets: (L,). hits: place → hits, of languages with any. scores: of all found, best first.

    Scores raised by o bring exp(slope · o) times as many passages past a threshold, which rises so that the hits stay
    as many. What a language behind misses is counted from what is expected: it may have no hits at all.
    """
    if len(scores) < _LEAST_FOUND or len(offsets) < 2:
        return None
    grown = np.exp(np.minimum(slope(scores) * offsets, _STEEPEST))
    lifts = (grown / (chance.shares @ grown)).tolist()
    many, few, expected = chance.bounds
    suspects = [
        (hits[place] * (1 - 1 / lifts[place]), place)
        for place in hits
        if hits[place] >= many[place] and lifts[place] > 1
    ]
    suspects += [
        (expected[place] * (lifts[place] - 1), place)
        for place, most in few.items()
        if hits.get(place, 0) <= most and lifts[place] < 1
    ]
    for effect, place in sorted(suspects, key=lambda suspect: -abs(suspect[0])):
        if abs(effect) < LEAST_EFFECT:
            break
        if _is_ahead(query, pool, place, float(offsets[place])):
            return Leaning(place, effect)
    return None


def _is_ahead(query: np.ndarray, pool: Pool, place: int, offset: float) -> bool:
    """Whether a language's offset is beyond chance and the lower half of its scores goes along."""
    code, count, share = pool.means.languages[place], int(pool.means.counts[place]), pool.shares[place]
    vectors, rows = pool.samples.of_pool
    own, everyone = inner(pool.samples.of(code), query), inner(vectors, query)
    variance = float(everyone @ everyone) / len(everyone) - (float(everyone.sum()) / len(everyone)) ** 2
    spread = math.sqrt(max(variance, 0.0))
    if abs(offset) < LEAST_ERRORS * spread * math.sqrt(max(1 - share, 0.0) / count):
        return False
    # Beside the others: of a large language the pool is mostly itself.
    mine = rows.get(code, slice(0, 0))
    others = np.concatenate((everyone[: mine.start], everyone[mine.stop :]))
    if not len(own) or not len(others):
        return False
    lower = _lower_half(own) - _lower_half(others)
    error = spread * math.sqrt(1 / len(own) + 1 / len(others))
    needed = max(_LEAST_SHARE * abs(offset) / (1 - share), LEAST_LOWER_ERRORS * error)
    return math.copysign(1.0, offset) * lower >= needed


def _lower_half(scores: np.ndarray) -> float:
    """Mean of the lower half of scores, one at least; changes their order."""
    half = len(scores) // 2
    if not half:
        return float(scores[0])
    scores.partition(half)
    return float(scores[:half].sum()) / half
