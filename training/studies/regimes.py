"""The paper's three regimes at one recipe: does hybrid keep its promise?"""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from training.recipe import Recipe
from training.studies.alpha import SETTINGS
from training.studies.arms import Arm, in_every_stage, seeded
from training.studies.outcomes import Outcome, Series, benchmarks_of, bias, gap, is_known, on, series, setting, told
from training.studies.page import Finding, Table
from training.studies.plan import Plan
from training.studies.plots import draw_bars
from training.studies.study import Study

__all__ = ["REGIMES", "regime_arms"]

_CROSS, _HYBRID, _MONOLINGUAL = 0.0, 0.5, 1.0
_NAMES = {_CROSS: "cross-lingual (X-Y)", _HYBRID: "hybrid", _MONOLINGUAL: "monolingual (X-X-mono)"}
"""alpha → the regime, and what the paper calls it."""

_SAME = 0.01
"""mAP within which two regimes count as equally good; the paper's own differences in the pool are of this size."""


def regime_arms(recipe: Recipe, plan: Plan) -> list[Arm]:
    """Alpha 0, 0.5 and 1 in every stage, all else alike."""
    arms = [Arm({"alpha": a}, in_every_stage(recipe, sampling="hybrid", alpha=a)) for a in _NAMES]
    return seeded(arms, plan.seeds)


def _read(outcomes: Sequence[Outcome]) -> Finding:
    tables, reading, drawn = [], [], dict[str, dict[str, Series]]()
    for name in benchmarks_of(outcomes):
        here = on(outcomes, name)
        drawn[name] = {label: series(here, "alpha", setting(asked)) for asked, label in SETTINGS.items()}
        distance = series(here, "alpha", bias("rank_distance"))
        even = series(here, "alpha", bias("TLR@10"))
        tables.append(_table(name, drawn[name], even, distance))
        reading += _promises(name, drawn[name], distance)
    return Finding(tables, reading, lambda figure: _draw(figure, drawn))


def _table(name: str, lines: dict[str, Series], even: Series, distance: Series) -> Table:
    rows = [
        [f"{regime}, alpha {alpha:g}", *(told(points[alpha]) for points in lines.values()), told(even[alpha]),
         told(distance[alpha], ",.0f")]
        for alpha, regime in _NAMES.items()
    ]  # fmt: skip
    title = f"{name}: mAP, TLR@10 and rank distance by regime, mean [least, most] of the seeds"
    return Table(title, ["regime", *lines, "TLR@10", "rank distance"], rows)


def _promises(name: str, lines: dict[str, Series], distance: Series) -> list[str]:
    """The paper's three claims (arXiv 2408.10536, section 4), each held against the seeds."""
    claims = [("in the pool as good as cross-lingual batches", lines["pooled"], _CROSS),
              ("in one language as good as monolingual batches", lines["monolingual"], _MONOLINGUAL)]  # fmt: skip
    said = []
    for claim, points, other in claims:
        if is_known(points):
            held = points[_HYBRID].mean() >= points[other].mean() - _SAME
            said.append(f"On {name}, hybrid is {_kept(held)}{claim}: {gap(points[_HYBRID], points[other])}.")
    if is_known(distance):
        least = min(distance, key=lambda alpha: distance[alpha].mean())
        others = "; ".join(
            f"{gap(distance[_HYBRID], distance[alpha], ',.0f')} {_NAMES[alpha]}" for alpha in (_CROSS, _MONOLINGUAL)
        )
        said.append(f"On {name}, hybrid is {_kept(least == _HYBRID)}the least biased by rank distance: {others}.")
    return said


def _kept(held: bool) -> str:
    return "" if held else "not "


def _draw(figure: Figure, drawn: dict[str, dict[str, Series]]) -> None:
    axes = figure.subplots(max(1, len(drawn)), 1, squeeze=False)[:, 0]
    for place, (name, lines) in zip(axes, drawn.items(), strict=True):
        bars = {regime: [points[alpha] for points in lines.values()] for alpha, regime in _NAMES.items()}
        draw_bars(place, list(lines), bars, "mAP")
        place.set_title(name, fontsize=10)


REGIMES = Study(
    "regimes",
    "Does hybrid keep the paper's promise?",
    "The paper (arXiv 2408.10536) found hybrid batches as good in the pool as cross-lingual ones, as good in one "
    "language as monolingual ones, and least biased. Does this hold for a given recipe?",
    regime_arms,
    _read,
)
