from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings

from tests.training.judging.made import cases, made, ranked
from training.benchmarks.base import Benchmark
from training.bias import ndkl as module
from training.bias.ndkl import NDKL


def test_by_hand() -> None:
    # Half the pool is German, half English. Hits de, de, en, en. Divergences from (½, ½):
    # i = 1: (1, 0) → ln 2. i = 2: (1, 0) → ln 2. i = 3: (⅔, ⅓) → ⅔·ln(4/3) + ⅓·ln(2/3). i = 4: (½, ½) → 0.
    benchmark = made("de", "de de en en", [[0]])
    weights = [1 / math.log2(i + 1) for i in range(1, 5)]
    third = 2 / 3 * math.log(4 / 3) + 1 / 3 * math.log(2 / 3)
    expected = (weights[0] * math.log(2) + weights[1] * math.log(2) + weights[2] * third) / sum(weights)
    found = NDKL.compute(benchmark, ranked(benchmark, [[4, 3, 2, 1]], k=10))
    assert found == pytest.approx([expected])


@settings(max_examples=40, deadline=None)
@given(cases())
def test_equals_its_definition(case: tuple[Benchmark, np.ndarray]) -> None:
    benchmark, scores = case
    rankings = ranked(benchmark, scores, k=20)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_K", 7)
        found = NDKL.compute(benchmark, rankings)
    told = benchmark.passage_languages
    pool = {code: told.count(code) / len(told) for code in set(told)}
    for q in range(len(benchmark.queries)):
        left_out = np.sort(scores[q])[::-1][7:8]
        hits = [told[p] for p in rankings.top[q, :7] if p >= 0 and not (left_out >= scores[q, p]).any()]
        total = norm = 0.0
        for i in range(1, len(hits) + 1):
            shares = {code: hits[:i].count(code) / i for code in hits[:i]}
            total += sum(s * math.log(s / pool[code]) for code, s in shares.items()) / math.log2(i + 1)
            norm += 1 / math.log2(i + 1)
        assert found[q] == pytest.approx(total / norm if norm else math.nan, abs=1e-12, nan_ok=True)


def test_hits_that_tie_with_what_is_left_out_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    # One German hit; of the four passages that share the next score only two fit, and which is chance.
    monkeypatch.setattr(module, "_K", 3)
    benchmark = made("en en", "de de de en en", [[0], [0]])
    found = NDKL.compute(benchmark, ranked(benchmark, [[1, 0, 0, 0, 0], [0, 0, 0, 0, 0]], k=4))
    assert found == pytest.approx([math.log(5 / 3), math.nan], nan_ok=True)


def test_the_order_of_languages_moves_nothing() -> None:
    benchmark = made("en", " ".join(["de"] * 80 + ["en"] * 80), [[0]])
    scores = np.zeros((1, 160))
    scores[0, [0, 1, 80, 81]] = [4, 1, 3, 2]
    swapped = made("en", " ".join(["zh"] * 80 + ["en"] * 80), [[0]])
    found = [NDKL.compute(each, ranked(each, scores, k=101))[0] for each in (benchmark, swapped)]
    assert found[0] == found[1]


def test_a_pool_of_one_language_is_told() -> None:
    assert NDKL.caution(made("de", "de en", [[0]])) is None
    assert "one language" in (NDKL.caution(made("de", "de de", [[0]])) or "")
