"""Colours of heat maps: blue for less than even, orange for more, the page's own ground where it is even.

Blue and orange are told apart by colour-blind readers, and the number stands in each cell.
"""

from __future__ import annotations

import math

__all__ = ["by_lift", "by_offset"]

_MORE, _LESS = "230, 97, 1", "33, 102, 172"
_STRONGEST = 0.55
"""Opacity of the strongest colour: text on it stays readable in light and dark."""


def by_lift(share: float | None, pool_share: float) -> str:
    """CSS colour of a share of hits beside the share of the pool: full colour at four times or a quarter.

    >>> by_lift(0.1, 0.1)
    'rgba(230, 97, 1, 0.00)'
    """
    if share is None or not pool_share:
        return "transparent"
    return _colour(math.log2(max(share / pool_share, 1e-6)) / 2)


def by_offset(offset: float, reach: float) -> str:
    """CSS colour of a language offset; reach: the offset of full colour, positive."""
    return _colour(offset / reach)


def _colour(strength: float) -> str:
    """strength: -1 to 1, cut there."""
    return f"rgba({_MORE if strength >= 0 else _LESS}, {_STRONGEST * min(1.0, abs(strength)):.2f})"
