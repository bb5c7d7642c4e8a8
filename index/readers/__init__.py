"""Piles of files to rows a job can index: one file per kind of source.

A reader yields every row there is, the unreadable ones with the reason, in a fixed order, so that a job
can go on behind the row it had reached. What a row means is decided later (`index/jobs/checking.py`).

Used from outside, beside `__all__`: `rows` and `columns` (where the names above come from), `splitting`
(texts → passages), `opening` (what is a URL, what standard input), `hub_dataset` (what begins with
`hf:`).
"""

from index.readers.columns import Columns
from index.readers.rows import Row, Source
from index.readers.source import open_source

__all__ = ["Columns", "Row", "Source", "open_source"]
