"""The audit as one HTML page that needs nothing else: styles and pictures are inside, nothing is fetched."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from index.audit import pareto
from index.audit.colours import by_lift, by_offset
from index.audit.measuring import MEASURES
from index.audit.result import Audit

__all__ = ["html"]


def html(audit: Audit) -> str:
    """The whole page; every text is escaped."""
    environment = Environment(autoescape=True, loader=PackageLoader("index.audit", "."), undefined=StrictUndefined)
    total = sum(audit.pool.values())
    reach = max((abs(value) for row in audit.offsets for value in row), default=0.0) or 1.0
    return environment.get_template("report.html.j2").render(
        audit=audit,
        names=[name for name in MEASURES if name in audit.rules[0].measures],
        meanings=MEASURES,
        shares={code: count / total for code, count in audit.pool.items()},
        plot=pareto.plot(audit),
        frame=pareto,
        by_lift=by_lift,
        by_offset=by_offset,
        reach=reach,
    )
