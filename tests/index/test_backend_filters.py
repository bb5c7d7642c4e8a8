"""Filters, ids and sizes that every backend must understand alike: one suite, run against each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.backend import PassageIndex
from index.errors import InvalidInput
from index.filters import matches, parse_filter, values_of
from index.passages import MAX_ID_CHARACTERS, Passage
from index.places import Place
from index.question import Scope
from tests.index.backend_tools import PASSAGES, QUICK, everything, found, units
from tests.index.conftest import new_index


@pytest.mark.parametrize(
    "where",
    [
        {"topic": "tides"},
        {"year": 2004},
        {"year": "2004"},
        {"year": {"gte": 1998.5}},
        {"year": {"gt": 1998.5, "lt": 2004.5}},
        {"year": {"lte": "2004"}},
        {"tag": "moon"},
        {"tag": {"in": ["sea", "x"]}, "topic": {"in": ["tides", "bread"]}},
        {"open": True},
        {"open": 1},
        {"n": 5},
        {"deep": "a"},
        {'a"]': "x"},
        {"none": "None"},
        {"topic": 'tides" or "1" == "1'},
        {"unheard of": 1},
    ],
)
def test_filters_mean_what_matches_says(filled: PassageIndex, where: dict[str, Any]) -> None:
    conditions = parse_filter(where)
    expected = sorted(p.id for p in PASSAGES if matches(p.metadata, conditions))
    assert sorted(found(filled, Scope(10, None, conditions))) == expected


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    [
        '"',
        "\\",
        '\\"',
        "\n",
        "' or 1 == 1",
        "2004",
        "",
        "%",
        "a" * 127,
        "a" * 128,
        "a" * 129,
        "a" * 200,
        "é" * 64,
        "é" * 70,
    ]
)
NUMBERS = st.integers(-5, 5) | st.floats(-5, 5) | st.sampled_from([2**53 - 1, -(2**53) + 1, 1e-300, -0.0, 0.1, 2**80])
SINGLE = TEXTS | NUMBERS | st.booleans() | st.none()
HELD = SINGLE | st.lists(SINGLE, max_size=4) | st.dictionaries(TEXTS, SINGLE, max_size=1)
FIELDS = st.sampled_from(["topic", "year", 'a"b', "c\\", "facets", "ü.x", ""])
METADATA = st.dictionaries(FIELDS, HELD, max_size=4)
ASKED = TEXTS | NUMBERS.filter(lambda n: abs(n) < 2**53)
RANGE = st.dictionaries(st.sampled_from(["gt", "gte", "lt", "lte"]), ASKED, min_size=1, max_size=2)
CONDITION = (
    ASKED | st.booleans() | RANGE | st.lists(ASKED | st.booleans(), min_size=1, max_size=3).map(lambda v: {"in": v})
)
WHERE = st.dictionaries(FIELDS.filter(bool), CONDITION, min_size=1, max_size=2)


@pytest.fixture(scope="module")
def shared(place: Place) -> Iterator[PassageIndex]:
    """One index for many examples, which leave it empty."""
    with new_index(place) as opened:
        yield opened


@settings(max_examples=60, **QUICK)
@given(st.lists(METADATA, min_size=1, max_size=6), st.lists(WHERE, min_size=1, max_size=6))
def test_any_filter_means_what_matches_says(
    shared: PassageIndex, metadata: list[dict[str, Any]], wheres: list[dict[str, Any]]
) -> None:
    passages = [Passage(str(n), "text", "de", None, held) for n, held in enumerate(metadata)]
    shared.upsert(passages, units(*range(len(passages))))
    try:
        # What is held is asked for too: a filter drawn alone would seldom meet it.
        offered = [(f, v) for p in passages for f, held in p.metadata.items() if f for v in values_of(held)]
        ranges = [{f: {sign: v}} for f, v in offered if not isinstance(v, bool) for sign in ("gt", "gte", "lt", "lte")]
        for where in [*wheres, *({f: v} for f, v in offered), *ranges]:
            try:
                conditions = parse_filter(where)
            except InvalidInput:  # a number held may be too large to be asked for
                continue
            expected = sorted(p.id for p in passages if matches(p.metadata, conditions))
            assert sorted(found(shared, Scope(10, None, conditions))) == expected, where
    finally:
        assert shared.delete([passage.id for passage in passages]) == len(passages)


IDS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12
) | st.sampled_from(
    [
        '"',
        "\\",
        '"]',
        '" or id != "',
        "') or 1 == 1",
        "\n",
        "\r\n",
        "{x}",
        "%",
        "😀" * MAX_ID_CHARACTERS,
        "é" * MAX_ID_CHARACTERS,
    ]
)


@settings(max_examples=60, **QUICK)
@given(st.sets(IDS, min_size=2, max_size=5).map(sorted))
def test_any_id_names_its_passage_and_no_other(shared: PassageIndex, ids: list[str]) -> None:
    passages = [Passage(identity, f"text {n}", "de") for n, identity in enumerate(ids)]
    shared.upsert(passages, units(*range(len(ids))))
    try:
        for passage in passages:
            assert shared.get([passage.id]) == {passage.id: passage}
        assert list(everything(shared, 2)) == ids
        assert shared.delete(ids[:1]) == 1
        assert list(everything(shared)) == ids[1:]
    finally:
        shared.delete(ids)


def test_long_lists_many_fields_and_long_texts_are_found(index: PassageIndex) -> None:
    many = {"tag": list(range(9_000)), "year": 5}
    wide = {f"field {n}": n for n in range(3_000)}
    passages = [
        Passage("many", "x" * 1_000_000, "de", "t" * 70_000, many),
        Passage("wide", "ด" * 40_000, "th", None, wide),
        Passage("plain", "x", "de", None, {"year": 5, "tag": 10**6, "field 7": 8}),
    ]
    index.upsert(passages, units(0, 1, 2))
    assert index.get(["many", "wide", "plain"]) == {passage.id: passage for passage in passages}
    for where in (
        {"tag": 8_999},
        {"tag": 9_000},
        {"tag": {"gt": 8_998}},
        {"year": {"gte": 5}},
        {"field 7": 7},
        {"field 7": {"gt": 7}},
        {"field 2999": {"lt": 2_999.5}},
    ):
        conditions = parse_filter(where)
        assert sorted(found(index, Scope(10, None, conditions))) == sorted(
            p.id for p in passages if matches(p.metadata, conditions)
        ), where
