"""How evenly a collection treats languages: the same questions asked in several languages, and what comes of it.

What others may import: `read_questions`, `ParallelQuestion`; `audit` and its `Audit`; `html` for the report.
Beside them `kept` (the last audit of each collection) and `cli` (its verb).
"""

from index.audit.audit import audit
from index.audit.questions import ParallelQuestion, read_questions
from index.audit.report import html
from index.audit.result import Audit

__all__ = ["Audit", "ParallelQuestion", "audit", "html", "read_questions"]
