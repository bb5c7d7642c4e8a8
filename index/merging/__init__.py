"""Rules that make one list of what was found in several languages, each in a file with its source.

A search asks for one by name (`"merge"`), or its collection has one. Corrections of scores come from the collection
itself and need no passage encoded again.

Used by the rest of the index: `rules` and `chosen` (rules by name, a collection's own), `merge`, `lens` and `deciding`
(what a rule is, how a query sees a language, when to stop looking), `statistics` and `keeping` (what is known of a
collection), `products` (inner products), `fitting` (directions and spreads from samples), `cli` (its verb).
"""

from typing import TYPE_CHECKING

from index.on_demand import exports

__all__ = ["RULES", "SCORE", "Candidates", "Merge", "Statistics", "parse_merge"]

if TYPE_CHECKING:
    from index.merging.merge import Candidates, Merge
    from index.merging.rules import RULES, SCORE, parse_merge
    from index.merging.statistics import Statistics
else:
    __getattr__ = exports(
        __name__,
        {
            "RULES": "index.merging.rules",
            "SCORE": "index.merging.rules",
            "Candidates": "index.merging.merge",
            "Merge": "index.merging.merge",
            "Statistics": "index.merging.statistics",
            "parse_merge": "index.merging.rules",
        },
    )
