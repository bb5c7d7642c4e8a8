"""Filters keep apart what Python takes for equal."""

from __future__ import annotations

from typing import Any

import pytest

from index.filters import matches, parse_filter, values_of
from index.question import Scope


@pytest.mark.parametrize(("number", "truth"), [(0, False), (1, True)])
@pytest.mark.parametrize("turned", [False, True])
def test_numbers_are_no_truth_values_in_lists_conditions_and_scopes(number: int, truth: bool, turned: bool) -> None:
    both: list[Any] = [truth, number] if turned else [number, truth]
    assert [type(value) for value in values_of(both)] == [bool, float][:: 1 if turned else -1]
    for asked in both:
        assert matches({"a": both}, parse_filter({"a": asked}))
        assert matches({"a": asked}, parse_filter({"a": {"in": both}}))
    first, second = (Scope(1, None, parse_filter({"a": asked})) for asked in both)
    assert first != second and len({first, second}) == 2, "searched apart, remembered apart"
    assert first == Scope(1, None, parse_filter({"a": both[0]}))
