"""A small version of `benchmarks/planted.py`: bias that was planted is told, and none where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from tests.index.bias.planted import plant, recovered, shares_of, warned


@pytest.mark.parametrize(
    ("kind", "place", "shift"), [("one large", 0, -0.12), ("zipf", 1, 0.12), ("one large", -1, 0.2)]
)
def test_planted_offsets_are_recovered(kind: str, place: int, shift: float) -> None:
    shares, shifts = shares_of(12, kind), {place % 12: shift}
    made, before = (plant(shares, planted, 4000, 30) for planted in (shifts, None))
    assert recovered(made, before) < 0.001
    few = made.counts < 100  # the passages of a small language are nearer or farther by chance, which is no error
    told = np.mean([report.offsets for report in made.reports(10)], axis=0)
    assert np.abs(told - made.offsets)[~few].max() < 0.05 * np.ptp(made.offsets)
    assert np.ptp(made.offsets) == pytest.approx(abs(shift))


@pytest.mark.parametrize(
    ("kind", "place", "shift"),
    [("one large", 0, 0.2), ("one large", 0, -0.09), ("zipf", 1, 0.12), ("equal", 0, 0.12), ("one large", -1, 0.21)],
)
def test_planted_bias_is_warned_of(kind: str, place: int, shift: float) -> None:
    made = plant(shares_of(12, kind), {place % 12: shift}, 6000, 60)
    is_biased = made.displaced(10) >= 2
    reports = made.reports(10)
    assert is_biased.sum() >= 10 and warned(reports)[is_biased].mean() >= 0.9
    code = f"l{place % 12:03}"
    told = [report.warning or "" for report, biased in zip(reports, is_biased, strict=True) if biased]
    assert np.mean([("away" in text) == (shift < 0) and code in text for text in told if text]) > 0.9


@pytest.mark.parametrize("languages", [5, 50])
@pytest.mark.parametrize("kind", ["equal", "zipf", "one large"])
def test_chance_is_not_warned_of(languages: int, kind: str) -> None:
    made = plant(shares_of(languages, kind), None, 4000, 60, seed=languages)
    assert warned(made.reports(10)).mean() <= 0.05


def test_a_little_of_other_subjects_is_seldom_warned_of() -> None:
    made = plant(shares_of(12, "zipf"), None, 6000, 100, subjects=3.0)
    assert warned(made.reports(10)).mean() <= 0.1
