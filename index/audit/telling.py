"""What an audit found, in plain words."""

from __future__ import annotations

from index.audit.measuring import MEASURES
from index.audit.result import Audit, RuleResult

__all__ = ["sentence"]


def sentence(audit: Audit) -> str:
    """Two or three sentences: who is favoured, how far answers depend on the language asked in, what to do."""
    raw = audit.rules[0]
    return " ".join(part for part in (_favoured(audit, raw), _stays(raw), _advice(audit)) if part)


def _favoured(audit: Audit, raw: RuleResult) -> str:
    if len(audit.pool) < 2:
        return "All passages are in one language."
    total, means = sum(audit.pool.values()), _mean_shares(raw, len(audit.pool))
    lifts = {code: share / (count / total) for (code, count), share in zip(audit.pool.items(), means, strict=True)}
    most, least = max(lifts, key=lambda code: lifts[code]), min(lifts, key=lambda code: lifts[code])
    return (
        f"Passages in {most} stand among the first ten hits {lifts[most]:.1f} times as often as their share of the "
        f"pool, those in {least} {lifts[least]:.1f} times."
    )


def _mean_shares(raw: RuleResult, width: int) -> list[float]:
    """Mean over query languages, each weighing the same."""
    rows = [[value or 0.0 for value in row] for row in raw.hit_shares if row and row[0] is not None]
    return [sum(row[column] for row in rows) / len(rows) if rows else 0.0 for column in range(width)]


def _stays(raw: RuleResult) -> str:
    if "overlap@10" not in raw.measures:
        return ""
    return f"Asked in another language, a question keeps {raw.measures['overlap@10'].mean:.0%} of its hits."


def _advice(audit: Audit) -> str:
    if audit.recommendation == "score":
        return "No merge rule is surely more even at the same relevance: keep raw scores."
    rule = next(rule for rule in audit.rules if rule.rule == audit.recommendation)
    even, cost = rule.measures[audit.evenness], rule.measures[audit.relevance]
    way = "up" if MEASURES[audit.evenness][1] else "down"
    before = audit.rules[0].measures[audit.evenness].mean
    return (
        f'"merge": "{rule.rule}" is recommended: {audit.evenness} goes {way} from {before:.3g} to {even.mean:.3g}, '
        f"{audit.relevance} changes by {cost.difference or 0.0:+.3f}."
    )
