"""What every backend must do alike: one suite, run against each."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from index.backend import PassageIndex
from index.collection import Collection
from index.encoder import Embedded, Encoder
from index.errors import InvalidInput, NotFound, TooLarge
from index.filters import parse_filter
from index.making import making_of
from index.passages import Passage
from index.places import Place
from index.question import Question, Scope
from tests.index.backend_tools import PASSAGES, VECTORS, everything, found, unit, units
from tests.index.conftest import FACTS, fresh_name


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
