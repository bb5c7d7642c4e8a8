"""Batch indexing: from a pile of files to a live collection, through crashes.

A row goes read (`index/readers/`) → checked, its language detected, split (`checking.py`) → compared
with what is stored (`sifting.py`) → encoded → written (`writing.py`). Where a job stands is kept in its
ledger (`ledger.py`), so that the same command goes on after a kill.

Used from outside, beside `__all__`: `cli` (its verbs), `runner` (jobs of a service), `listing` (jobs
there are), `dead_letters` (where rejected rows stand).
"""

from typing import TYPE_CHECKING

from index.on_demand import exports

__all__ = ["JobSpec", "JobState", "JobStopped", "build"]

if TYPE_CHECKING:
    from index.jobs.job import build
    from index.jobs.spec import JobSpec
    from index.jobs.state import JobState
    from index.jobs.writing import JobStopped
else:
    __getattr__ = exports(
        __name__,
        {
            "JobSpec": "index.jobs.spec",
            "JobState": "index.jobs.state",
            "JobStopped": "index.jobs.writing",
            "build": "index.jobs.job",
        },
    )
