"""What a translation job did, by language: counts, as a table and as JSON."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from rich.table import Table

from training.translation.filters import REASONS

__all__ = ["TranslationReport", "report_table"]


@dataclass
class TranslationReport:
    """Counts over all groups; a question and a passage count as one each.

    engines: target → identity of what translated.
    without_source: questions and passages that have no text in the source language.
    there: target → how many had a text in it already. added: target → translations added.
    dropped: target → reason → translations left out.
    """

    source: str
    engines: dict[str, str]
    groups: int = 0
    without_source: int = 0
    there: Counter[str] = field(default_factory=Counter)
    added: Counter[str] = field(default_factory=Counter)
    dropped: dict[str, Counter[str]] = field(default_factory=dict)

    def drop(self, target: str, reason: str) -> None:
        """Count one translation left out."""
        self.dropped.setdefault(target, Counter())[reason] += 1

    def as_json(self) -> dict[str, Any]:
        """The report as one object; every reason stands in it, also those that dropped nothing."""
        languages = {
            target: {
                "engine": identity,
                "already_there": self.there[target],
                "added": self.added[target],
                "dropped": {reason: self.dropped.get(target, Counter())[reason] for reason in REASONS},
            }
            for target, identity in self.engines.items()
        }
        return {
            "source": self.source,
            "groups": self.groups,
            "without_source": self.without_source,
            "languages": languages,
        }


def report_table(report: TranslationReport) -> Table:
    """One line per language: texts added, there before, and dropped by reason."""
    table = Table(title=f"{report.groups:,} groups, from {report.source}", title_justify="left")
    table.add_column("language")
    for heading in ("added", "there before", "dropped"):
        table.add_column(heading, justify="right")
    table.add_column("why", overflow="fold")
    for target in report.engines:
        reasons = report.dropped.get(target, Counter())
        counts = (report.added[target], report.there[target], reasons.total())
        why = ", ".join(f"{name} {reasons[name]:,}" for name in REASONS if reasons[name])
        table.add_row(target, *(f"{count:,}" for count in counts), why)
    return table
