"""What every backend must do alike: one suite, run against each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.backend import PassageIndex
from index.collection import Collection
from index.encoder import Embedded, Encoder
from index.errors import InvalidInput, NotFound, TooLarge
from index.filters import matches, parse_filter, values_of
from index.making import making_of
from index.passages import MAX_ID_CHARACTERS, Passage
from index.places import Place
from index.question import Question, Scope
from tests.index.conftest import FACTS, fresh_name

DIMENSION = 16
QUICK = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]}


def unit(seed: int) -> np.ndarray:
    """(16,) float32 of length 1."""
    vector = np.random.default_rng(seed).standard_normal(DIMENSION)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def units(*seeds: int) -> np.ndarray:
    """(n, 16) float32, L2-normalised."""
    return np.stack([unit(seed) for seed in seeds])


PASSAGES = [
    Passage("tides.en", "tide moon", "en", "Tides", {"topic": "tides", "year": 2004, "tag": ["sea", "moon"]}),
    Passage("tides.de", "ebbe\nmond", "de", None, {"topic": "tides", "year": "2004", "open": True}),
    Passage("bread.en", "bread yeast", "en"),
    Passage(
        "bread.zh-Hant", "麵包", "zh-Hant", "麵包", {"topic": "bread", "year": 1998.5, "n": 2**70, "deep": {"a": [1]}}
    ),
    Passage("😀 \"quoted\" 'so' \\ and\tso\n", "น้ำ", "th", metadata={"": "empty", 'a"]': "x", "none": None}),
]
VECTORS = units(*range(len(PASSAGES)))


@pytest.fixture
def filled(index: PassageIndex) -> PassageIndex:
    index.upsert(PASSAGES, VECTORS)
    return index


def found(index: PassageIndex, scope: Scope, seed: int = 0) -> list[str]:
    return [hit.passage.id for hit in index.search(units(seed), scope)[0]]


def everything(index: PassageIndex, size: int = 1000) -> dict[str, tuple[Passage, list[float]]]:
    blocks = list(index.scan(size=size))
    assert all(0 < len(block.passages) == len(block.vectors) <= size for block in blocks)
    pairs = [pair for b in blocks for pair in zip(b.passages, b.vectors.tolist(), strict=True)]
    assert [p.id for p, _ in pairs] == sorted({p.id for p, _ in pairs}), "in order of id, each once"
    return {p.id: (p, v) for p, v in pairs}


def test_a_new_index_is_empty_and_remembers_its_making(index: PassageIndex) -> None:
    assert index.facts() == FACTS
    assert index.counts() == {} and index.fields() == set() and everything(index) == {}
    assert index.search(units(0, 1), Scope(3)) == [[], []]
    assert index.get(["none"]) == {} and index.delete(["none"]) == 0 and index.info()["backend"]


def test_what_is_stored_comes_back_as_it_was(filled: PassageIndex) -> None:
    ids = [passage.id for passage in PASSAGES]
    assert filled.get([*ids, "none"]) == {passage.id: passage for passage in PASSAGES}
    assert everything(filled) == {p.id: (p, v.tolist()) for p, v in zip(PASSAGES, VECTORS, strict=True)}
    assert filled.counts() == {"de": 1, "en": 2, "th": 1, "zh-Hant": 1}
    assert filled.fields() == {"topic", "year", "tag", "open", "", 'a"]'}, "what a filter can ask for"


def test_means_are_of_the_vectors_stored(filled: PassageIndex) -> None:
    means = filled.means()
    assert means.languages == ("de", "en", "th", "zh-Hant") and means.counts.tolist() == [1, 2, 1, 1]
    assert np.allclose(means.vectors[1], (VECTORS[0] + VECTORS[2]) / 2, atol=1e-6)
    filled.delete(["tides.en", "tides.de"])
    means = filled.means()
    assert means.languages == ("en", "th", "zh-Hant") and np.allclose(means.vectors[0], VECTORS[2], atol=1e-6)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_scan_goes_on_behind_an_id(filled: PassageIndex, size: int) -> None:
    ids = sorted(passage.id for passage in PASSAGES)
    for position, after in enumerate(ids):
        rest = [p.id for block in filled.scan(after, size) for p in block.passages]
        assert rest == ids[position + 1 :]
    assert list(everything(filled, size)) == ids


def test_search_gives_cosines_best_first(filled: PassageIndex) -> None:
    answers = filled.search(units(2, 0), Scope(3))
    for seed, hits in zip((2, 0), answers, strict=True):
        expected = np.sort(VECTORS @ unit(seed))[::-1][:3]
        assert [hit.score for hit in hits] == pytest.approx(expected.tolist(), abs=1e-5)
        assert hits[0].passage == PASSAGES[seed]


def test_a_wider_search_gives_the_same_hits_and_what_stands_behind(filled: PassageIndex) -> None:
    for languages in (None, ("en", "th")):
        hits, found = (
            filled.search(units(3), Scope(1, languages))[0],
            filled.search_wider(units(3), Scope(1, languages))[0],
        )
        everyone = filled.search(units(3), Scope(4, languages))[0]
        assert found.hits == hits and found.languages == [hit.passage.language for hit in everyone]
        assert found.scores == pytest.approx([hit.score for hit in everyone], abs=1e-5)


@pytest.mark.parametrize("languages", [("en",), ("zh-Hant",), ("de", "th"), ("fr",)])
def test_every_hit_is_in_the_languages_asked_for(filled: PassageIndex, languages: tuple[str, ...]) -> None:
    assert sorted(found(filled, Scope(10, languages))) == sorted(p.id for p in PASSAGES if p.language in languages)


def test_a_passage_moves_between_languages_and_its_old_self_is_gone(filled: PassageIndex) -> None:
    moved = Passage("tides.en", "marée", "fr", None, {"topic": "marées"})
    filled.upsert([moved], units(9))
    assert filled.counts() == {"de": 1, "en": 1, "fr": 1, "th": 1, "zh-Hant": 1}
    assert found(filled, Scope(10, ("en",))) == ["bread.en"]
    assert filled.search(units(9), Scope(1))[0][0].passage == moved
    assert found(filled, Scope(10, None, parse_filter({"year": 2004}))) == []
    assert len(found(filled, Scope(10))) == len(PASSAGES)


def test_what_is_deleted_stays_away_until_it_is_stored_again(filled: PassageIndex) -> None:
    assert filled.delete([PASSAGES[4].id, "none", "tides.de"]) == 2
    assert filled.delete(["tides.de"]) == 0
    assert sorted(found(filled, Scope(10))) == ["bread.en", "bread.zh-Hant", "tides.en"]
    assert filled.counts() == {"en": 2, "zh-Hant": 1}
    filled.upsert(PASSAGES[1:2], units(7))
    assert everything(filled)["tides.de"] == (PASSAGES[1], unit(7).tolist())


def test_all_is_there_after_reopening(place: Place) -> None:
    name = fresh_name()
    first = place.open(name, FACTS)
    first.upsert(PASSAGES, VECTORS)
    before, hits = everything(first), first.search(units(5), Scope(10))
    first.close()
    again = place.open(name, {}, read_only=True)
    assert again.name == name and again.facts() == FACTS
    assert everything(again) == before and again.search(units(5), Scope(10)) == hits
    again.close()
    place.delete(name)


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
    name = fresh_name()
    opened = place.open(name, FACTS)
    yield opened
    opened.close()
    place.delete(name)


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


def test_an_absent_collection_is_not_made_by_reading(place: Place) -> None:
    with pytest.raises(NotFound, match="no collection"):
        place.open("never-made", FACTS, read_only=True)
    assert "never-made" not in place.names() and not place.has("never-made")
    with pytest.raises(NotFound):
        place.delete("never-made")


def test_a_place_lists_renames_and_deletes(place: Place) -> None:
    first, second = f"a_b-{fresh_name()}", fresh_name()
    opened = place.open(first, FACTS)
    opened.upsert(PASSAGES, VECTORS)
    opened.close()
    assert first in place.names() and place.has(first)
    place.rename(first, second)
    assert second in place.names() and first not in place.names()
    again = place.open(second, {}, read_only=True)
    assert sum(again.counts().values()) == len(PASSAGES)
    again.close()
    place.delete(second)
    assert second not in place.names() and not place.has(second)


@pytest.fixture
def collection(place: Place, encoder: Encoder) -> Iterator[Collection]:
    name = fresh_name()
    with Collection(place.open(name, making_of(encoder)), encoder) as opened:
        opened.upsert([Passage("kept", "moon", "en", None, {"topic": "tides"})])
        yield opened
        assert opened.counts() == {"en": 1}, "what was refused left no trace"
    place.delete(name)


@pytest.mark.parametrize(
    ("vectors", "told"),
    [
        (np.full((1, 16), np.nan, dtype=np.float32), "NaN"),
        (np.full((1, 16), np.inf, dtype=np.float32), "infinity"),
        (np.zeros((1, 15), dtype=np.float32), r"\(1, 16\)"),
        (np.zeros((2, 16), dtype=np.float32), r"\(2, 16\)"),
        (np.zeros(16, dtype=np.float32), r"\(16,\)"),
    ],
)
def test_vectors_that_cannot_be_compared_are_told(collection: Collection, vectors: np.ndarray, told: str) -> None:
    embedded = Embedded(vectors, np.zeros(1, dtype=np.int64), np.zeros(1, dtype=bool))
    with pytest.raises(InvalidInput, match=told):
        collection.upsert([Passage("new", "moon", "de")], embedded)
    with pytest.raises(InvalidInput, match=told):
        collection.answer([Question("moon", query_language="en")], embedded)


def test_what_is_too_large_is_told(collection: Collection) -> None:
    for row in (
        {"id": "i" * 10_000, "text": "moon"},
        {"id": "m", "text": "moon", "metadata": {"big": "x" * 2_000_000}},
        {"id": "t", "text": "x" * 1_000_001},
    ):
        with pytest.raises(TooLarge, match="at most"):
            collection.upsert([Passage.from_json(row)])


def test_a_filter_on_an_unknown_field_is_told(collection: Collection) -> None:
    with pytest.raises(InvalidInput, match="No passage here has") as told:
        collection.search("moon", where={"topics": "tides"}, query_language="en")
    assert "topic" in told.value.message
    assert len(collection.search("moon", where={"topic": "tides"}, query_language="en").hits) == 1
