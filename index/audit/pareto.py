"""The plot of merge rules: relevance upwards, evenness to the right, as an SVG of our own few shapes."""

from __future__ import annotations

from dataclasses import dataclass

from index.audit.measuring import MEASURES
from index.audit.result import Audit

__all__ = ["Dot", "Plot", "plot"]

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 360, 64, 48, 20, 130
_TICKS = 4


@dataclass(frozen=True, slots=True)
class Dot:
    """A rule's place in the picture. label_y: where its name stands so that names do not cover each other."""

    rule: str
    x: float
    y: float
    label_y: float
    is_best: bool
    is_recommended: bool
    told: str


@dataclass(frozen=True, slots=True)
class Plot:
    """Everything the template draws. ticks: (position, text)."""

    dots: list[Dot]
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]
    x_title: str
    y_title: str


def plot(audit: Audit) -> Plot:
    """Where each rule stands; the even side is always on the right."""
    points = [(r.measures[audit.evenness].mean, r.measures[audit.relevance].mean) for r in audit.rules]
    more_is_even = MEASURES[audit.evenness][1]
    x_low, x_high = _range([x for x, _ in points])
    y_low, y_high = _range([y for _, y in points])

    def across(value: float) -> float:
        """Evenness to pixels."""
        part = (value - x_low) / (x_high - x_low)
        return LEFT + (part if more_is_even else 1 - part) * (WIDTH - LEFT - RIGHT)

    def up(value: float) -> float:
        """Relevance to pixels."""
        return HEIGHT - BOTTOM - (value - y_low) / (y_high - y_low) * (HEIGHT - BOTTOM - TOP)

    placed = [(across(x), up(y)) for x, y in points]
    labels = _apart([y for _, y in placed])
    dots = [
        Dot(
            rule=rule.rule,
            x=round(x, 1),
            y=round(y, 1),
            label_y=round(label, 1),
            is_best=rule.is_best,
            is_recommended=rule.rule == audit.recommendation,
            told=f"{rule.rule}: {audit.evenness} {point[0]:.4g}, {audit.relevance} {point[1]:.3f}",
        )
        for rule, (x, y), label, point in zip(audit.rules, placed, labels, points, strict=True)
    ]
    return Plot(
        dots=dots,
        x_ticks=[(round(across(v), 1), f"{v:.3g}") for v in _ticks(x_low, x_high)],
        y_ticks=[(round(up(v), 1), f"{v:.3f}") for v in _ticks(y_low, y_high)],
        x_title=f"{audit.evenness.replace('_', ' ')} (more even to the right)",
        y_title=audit.relevance,
    )


def _range(values: list[float]) -> tuple[float, float]:
    """With a margin, so that no dot stands on the frame; wider than nothing even when all values are equal."""
    low, high = min(values), max(values)
    margin = 0.12 * (high - low) or 0.05 * abs(high) or 0.05
    return low - margin, high + margin


def _ticks(low: float, high: float) -> list[float]:
    return [low + (high - low) * step / _TICKS for step in range(_TICKS + 1)]


def _apart(heights: list[float], least: float = 15.0) -> list[float]:
    """The same heights moved down where two are nearer than a line of text."""
    placed: dict[int, float] = {}
    last = float("-inf")
    for row in sorted(range(len(heights)), key=lambda row: heights[row]):
        last = placed[row] = max(heights[row], last + least)
    return [placed[row] for row in range(len(heights))]
