"""Which merge rule an audit recommends, and why."""

from __future__ import annotations

from collections.abc import Sequence

from index.audit.measuring import MEASURES
from index.audit.result import RuleResult

__all__ = ["LOSS", "RAW", "axes", "mark_best", "recommend"]

LOSS = 0.005
"""Relevance a recommended rule may cost, of 1: less than readers notice, and what the noise of small audits is."""

RAW = "score"


def axes(rules: Sequence[RuleResult]) -> tuple[str, str]:
    """The measures of relevance and of evenness that these rules can be weighed by.

    Without relevant passages nobody can tell relevance; that answers stay the same in another language stands for it.
    """
    there = rules[0].measures
    relevance = "nDCG@10" if "nDCG@10" in there else "overlap@10"
    evenness = "rank_distance" if "rank_distance" in there else "NDKL@10" if "NDKL@10" in there else "MRC@10"
    return relevance, evenness


def _point(rule: RuleResult, relevance: str, evenness: str) -> tuple[float, float]:
    """Relevance and evenness, both more is better."""
    even = rule.measures[evenness].mean
    return rule.measures[relevance].mean, even if MEASURES[evenness][1] else -even


def mark_best(rules: Sequence[RuleResult], relevance: str, evenness: str) -> list[RuleResult]:
    """The same rules, those on the Pareto front marked."""
    points = [_point(rule, relevance, evenness) for rule in rules]
    marked = []
    for rule, (x, y) in zip(rules, points, strict=True):
        is_beaten = any(a >= x and b >= y and (a > x or b > y) for a, b in points)
        marked.append(rule.model_copy(update={"is_best": not is_beaten}))
    return marked


def recommend(rules: Sequence[RuleResult], relevance: str, evenness: str) -> str:
    """The most even rule that loses no more relevance than `LOSS`, and is surely more even; raw score otherwise."""
    chosen, best = RAW, 0.0
    for rule in rules:
        cost, gain = rule.measures[relevance], rule.measures[evenness]
        if cost.difference is None or gain.difference is None:
            continue
        sign = 1 if MEASURES[evenness][1] else -1
        surest = gain.difference_low if sign > 0 else gain.difference_high
        is_sure = surest is not None and sign * surest > 0
        if cost.difference >= -LOSS and is_sure and sign * gain.difference > best:
            chosen, best = rule.rule, sign * gain.difference
    return chosen
