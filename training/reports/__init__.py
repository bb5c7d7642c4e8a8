"""What an evaluation tells people: terminal, Markdown, pictures, and one HTML page that needs nothing else.

Used from outside: `terminal` and `write` (where the names of `__all__` come from), `mteb` (mteb's own scores).
"""

from __future__ import annotations

from training.reports.terminal import show
from training.reports.write import write_reports

__all__ = ["show", "write_reports"]
