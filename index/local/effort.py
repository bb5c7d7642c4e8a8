"""How hard a graph must look for several languages at once, from what was measured for single ones.

The nearest passages of a few languages must be met on a walk through all: the smaller their share, the more must be
looked at. Half the share takes less than twice the steps (languages stand apart in the graph), so what was measured
at the shares of single languages says more than proportion does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

__all__ = ["EVERYTHING", "effort_at", "efforts_by_share"]

EVERYTHING = ""
"""Stands for all languages together, where there is else a code."""

_MARGIN = 1.25
"""No recall was measured for this very choice of languages; `benchmarks/index_languages.py` measures random ones."""


def efforts_by_share(effort: Mapping[str, int], languages: Mapping[str, int]) -> list[tuple[float, float]]:
    """(share of the rows, `efSearch`) of whatever was measured, ascending by share, efforts never rising.

    effort: language, or `EVERYTHING`, → `efSearch` that keeps the promise. languages: → rows.
    """
    rows = sum(languages.values())
    measured = {languages[code] / rows if code != EVERYTHING else 1.0: float(least) for code, least in effort.items()}
    points, least = [], 0.0
    for share in sorted(measured, reverse=True):
        least = max(least, measured[share])
        points.append((share, least))
    return points[::-1]


def effort_at(share: float, points: list[tuple[float, float]]) -> int:
    """`efSearch` for languages of this share of the rows together, 0 to 1; points: from `efforts_by_share`.

    Between two points along the line through their logarithms; below the first, in inverse proportion.

    >>> effort_at(0.25, [(0.1, 1000.0), (1.0, 100.0)]), effort_at(0.05, [(0.1, 1000.0), (1.0, 100.0)])
    (500, 2500)
    """
    shares, efforts = np.log([point[0] for point in points]), np.log([point[1] for point in points])
    within = float(np.exp(np.interp(math.log(share), shares, efforts)))
    below = max(1.0, points[0][0] / share)
    return math.ceil(round(_MARGIN * within * below, 6))
