from __future__ import annotations

import json
from typing import Any

import pytest

from index.errors import InvalidInput, UnknownLanguage
from index.merging import RULES, parse_merge
from index.merging.cli import merge_of
from index.merging.rules import require_languages


@pytest.mark.parametrize(
    "given",
    [
        *(name for name in RULES if name != "quota"),
        {"rule": "centred", "query_side": True},
        {"rule": "standardised", "tail": 3},
        {"rule": "lir", "directions": 4, "query_side": False},
        {"rule": "shift", "strength": 1.5, "reference": "de"},
        {"rule": "quota", "shares": {"th": 0.25, "de": 0.5}},
        {"rule": "reserved", "places": 3},
    ],
    ids=str,
)
def test_what_is_parsed_comes_back_as_it_was_said(given: str | dict[str, Any]) -> None:
    merge = parse_merge(given)
    told = merge.as_json()
    assert parse_merge(told) == merge and hash(parse_merge(json.loads(json.dumps(told)))) == hash(merge)
    assert merge_of(json.dumps(told)) == merge
    expected = {"rule": given} if isinstance(given, str) else given
    assert expected.items() <= told.items()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("best", "there are: score, centred, standardised"),
        ("", "There is no merge rule"),
        ({}, "There is no merge rule"),
        ({"rule": 5}, "There is no merge rule"),
        ({"rule": "score", "k": 1}, "it takes none"),
        ({"rule": "lir", "direction": 1}, "directions, query_side"),
        ({"rule": "lir", "directions": 5}, "a whole number from 1 to 4"),
        ({"rule": "lir", "directions": True}, "a whole number from 1 to 4"),
        ({"rule": "centred", "query_side": 1}, "true or false"),
        ({"rule": "shift", "strength": "1"}, "a number from 0 to 2"),
        ({"rule": "shift", "strength": float("nan")}, "a number from 0 to 2"),
        ({"rule": "shift", "reference": 1}, "a language code, or null"),
        ({"rule": "standardised", "tail": -1}, "a number from 0 to 6, or null"),
        ({"rule": "reserved", "places": 0}, "a whole number from 1 to 100"),
        ("quota", "needs shares"),
        ({"rule": "quota", "shares": {}}, "1 together at most"),
        ({"rule": "quota", "shares": {"de": 0.7, "en": 0.7}}, "1 together at most"),
        ({"rule": "quota", "shares": {"de": 0}}, "each above 0"),
        ({"rule": "quota", "shares": {"de": 0.1, "DE": 0.1}}, "twice"),
        ({"rule": "quota", "shares": [0.5]}, "an object of languages"),
    ],
    ids=str,
)
def test_what_cannot_be_is_told_with_what_can(given: Any, told: str) -> None:
    with pytest.raises(InvalidInput, match="(?s)" + told) as raised:
        parse_merge(given)
    assert "given" in raised.value.detail or "quota" in raised.value.message


def test_languages_are_bcp_47_and_among_those_there_are() -> None:
    with pytest.raises(UnknownLanguage):
        parse_merge({"rule": "quota", "shares": {"german": 0.5}})
    with pytest.raises(UnknownLanguage):
        parse_merge({"rule": "shift", "reference": "english"})
    assert parse_merge({"rule": "shift", "reference": "DE"}).as_json()["reference"] == "de"
    for given in ({"rule": "quota", "shares": {"fr": 0.5}}, {"rule": "shift", "reference": "fr"}):
        require_languages(parse_merge(given), ["de", "fr"])
        with pytest.raises(UnknownLanguage, match="available: de, th"):
            require_languages(parse_merge(given), ["de", "th"])


def test_the_command_line_tells_json_that_is_none() -> None:
    with pytest.raises(InvalidInput, match="no JSON"):
        merge_of("{rule: lir}")
