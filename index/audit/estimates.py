"""Means over questions with intervals, and what a rule changes against raw score, question by question."""

from __future__ import annotations

import numpy as np

from index.audit.result import Estimate

__all__ = ["estimates"]

_RESAMPLES = 2000
_AT_ONCE = 100


def estimates(values: dict[str, np.ndarray], raw: dict[str, np.ndarray] | None, seed: int = 0) -> dict[str, Estimate]:
    """Measure → estimate; measures that say nothing are left out.

    values, raw: measure → (n_questions,) float64 with NaN where a question says nothing; raw: those of merging by raw
    score, None for that rule itself. Intervals are percentiles of the bootstrap over questions (Efron 1979).
    """
    return {
        name: _estimate(found, None if raw is None else raw[name], seed)
        for name, found in values.items()
        if np.isfinite(found).any()
    }


def _estimate(found: np.ndarray, raw: np.ndarray | None, seed: int) -> Estimate:
    told = np.isfinite(found) if raw is None else np.isfinite(found) & np.isfinite(raw)
    low, high = _interval(found[told], seed)
    estimate = Estimate(mean=float(found[told].mean()), low=low, high=high)
    if raw is None:
        return estimate
    change = found[told] - raw[told]
    low, high = _interval(change, seed)
    return estimate.model_copy(
        update={"difference": float(change.mean()), "difference_low": low, "difference_high": high}
    )


def _interval(values: np.ndarray, seed: int) -> tuple[float, float]:
    generator = np.random.default_rng(seed)
    means = np.concatenate([
        values[generator.integers(0, len(values), (_AT_ONCE, len(values)))].mean(axis=1)
        for _ in range(_RESAMPLES // _AT_ONCE)
    ])  # fmt: skip
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
