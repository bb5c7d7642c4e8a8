"""How evenly a collection treats languages: the same questions asked in several languages, and what comes of it.

Used from outside, beside `__all__`: `questions` (parallel questions), `audit` (asks and judges), `result` (what it
found), `report` (as HTML), `kept` (the last audit of each collection), `cli` (its verb).
"""

__all__ = ["DEPTH"]

DEPTH = 100
"""Hits looked at for each question; a relevant passage beyond them counts as the next one."""
