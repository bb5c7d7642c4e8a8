"""NDKL: how far the languages of a list of hits are from those of the pool."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

__all__ = ["ndkl", "ndkl_of_one"]


def ndkl(languages: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """NDKL of some lists, (n,) float64; NaN for an empty one.

    languages: (n, k) int64, the place in `shares` of each hit's language, best hit first, -1 behind the last one.
    shares: (L,), of the pool. NDKL = (1/Z) Σ_i KL(D_i ‖ D) / log2(i + 1), with Z = Σ_i 1 / log2(i + 1), D_i the share
    of each language among the first i hits, D among all passages, natural logarithm: Geyik et al., KDD 2019
    (arXiv 1905.01989), section 3. 0 cannot be reached: the first hit alone has one language.
    """
    is_hit = languages >= 0
    seen = _so_far(languages)
    logs = np.log(shares, where=shares > 0, out=np.full(len(shares), -np.inf))
    # i · KL(D_i ‖ D) = Σ_L c log c − Σ_L c log D_L − i log i: one count c changes from place to place.
    steps = np.where(is_hit, _x_log_x(seen) - _x_log_x(seen - 1) - logs[languages], 0.0)
    place = np.arange(1, languages.shape[1] + 1)
    weights = np.where(is_hit, 1 / np.log2(place + 1), 0.0)
    divergences = np.cumsum(steps, axis=1) / place - np.log(place)
    total = weights.sum(axis=1)
    return np.asarray((divergences * weights).sum(axis=1) / np.where(total > 0, total, np.nan))


def ndkl_of_one(languages: Sequence[int], shares: Sequence[float]) -> float:
    """The same for one list, all of whose places are filled: for ten hits it takes a tenth of the time."""
    seen: dict[int, int] = {}
    total = norm = summed = 0.0
    for place, language in enumerate(languages, start=1):
        before = seen.get(language, 0)
        seen[language] = before + 1
        summed += (before + 1) * math.log(before + 1) - (before * math.log(before) if before else 0.0)
        summed -= math.log(shares[language])
        weight = 1 / math.log2(place + 1)
        total += (summed / place - math.log(place)) * weight
        norm += weight
    return total / norm if norm else math.nan


def _so_far(languages: np.ndarray) -> np.ndarray:
    """How many of the first hits, up to each, are in its language: (n, k) int64."""
    order = np.argsort(languages, axis=1, kind="stable")
    grouped = np.take_along_axis(languages, order, axis=1)
    place = np.broadcast_to(np.arange(languages.shape[1]), languages.shape)
    is_first = np.ones(languages.shape, dtype=bool)
    is_first[:, 1:] = grouped[:, 1:] != grouped[:, :-1]
    since = place - np.maximum.accumulate(np.where(is_first, place, 0), axis=1)
    counted = np.empty_like(order)
    np.put_along_axis(counted, order, since + 1, axis=1)
    return counted


def _x_log_x(x: np.ndarray) -> np.ndarray:
    return np.asarray(x * np.log(np.maximum(x, 1)))
