"""Expressions let through all that fits: read here as Milvus would, without a Milvus."""

from __future__ import annotations

import json
import operator
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.filters import Condition, matches, parse_filter
from index.milvus.expressions import bounds, expression, facets
from index.question import Scope

SIGNS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
RANGE = re.compile(r'\(bounds\["(\w+)"\] (>=|<=|>|<) (.+?) or array_contains\(facets, "\*"\)\)')

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["é" * 100, "é" * 101, "a" * 127]
)
values = texts | st.integers(-5, 5) | st.floats(-5, 5) | st.booleans()
metadata = st.dictionaries(st.sampled_from(["year", 'odd "field"\\']), values | st.lists(values, max_size=4))


def lets_through(held: dict[str, object], condition: Condition) -> bool:
    """What Milvus would make of the expression for one range condition."""
    read = RANGE.fullmatch(expression(Scope(1, None, (condition,))))
    assert read
    key, sign, bound = read.groups()
    stored = bounds(held)
    wanted = json.loads(bound)
    is_in = key in stored and type(stored[key]) is type(wanted) and SIGNS[sign](stored[key], wanted)
    return is_in or "*" in facets(held)


@given(metadata, st.sampled_from(["year", 'odd "field"\\']), st.sampled_from(["gt", "gte", "lt", "lte"]), values)
def test_a_range_lets_through_what_fits_and_little_else(
    held: dict[str, object], field: str, sign: str, bound: object
) -> None:
    if isinstance(bound, bool):
        return
    (condition,) = parse_filter({field: {sign: bound}})
    fits = matches(held, (condition,))
    let = lets_through(held, condition)
    assert let or not fits, "never less than fits"
    whole = not isinstance(bound, str) or len(bound.encode()) < 128
    offered = held.get(field)
    alone = [offered] if not isinstance(offered, list) else offered
    if whole and all(not isinstance(v, str) or len(v.encode()) < 128 for v in alone):
        assert let == fits


@given(metadata, st.sampled_from(["year", 'odd "field"\\']), st.lists(values, min_size=1, max_size=3))
def test_membership_is_a_shared_digest(held: dict[str, object], field: str, asked: list[object]) -> None:
    (condition,) = parse_filter({field: {"in": asked}})
    digests = set(re.findall(r'"([0-9a-f]{32})"', expression(Scope(1, None, (condition,)))))
    assert bool(digests & set(facets(held))) == matches(held, (condition,))


@pytest.mark.parametrize("field", ["field", '"] or true or bounds["', "or true\n"])
def test_no_word_of_a_caller_stands_in_an_expression(field: str) -> None:
    conditions = parse_filter({field: {"gt": '" or true or "', "in": ['" or true']}})
    written = expression(Scope(1, None, conditions))
    assert "true" not in written and "field" not in written
