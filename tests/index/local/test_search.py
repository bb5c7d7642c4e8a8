"""What searches promise whichever way they take: order, filters that know new fields, and an end when it is closed."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from index.errors import NotFound
from index.filters import matches, parse_filter
from index.local import facets
from index.passages import Passage
from index.question import Scope
from tests.index.local.made import open_made, passages, vectors

QUERIES = vectors(5, seed=7)


@pytest.mark.parametrize("is_sealed", [False, True])
@pytest.mark.parametrize("where", [None, {"tag": "a"}, {"year": 4}], ids=["all", "half", "few"])
def test_equal_scores_are_ordered_by_age(tmp_path: Path, is_sealed: bool, where: dict[str, object] | None) -> None:
    index = open_made(tmp_path / "c")
    index.upsert(passages(500), np.repeat(QUERIES[:1], 500, axis=0))
    if is_sealed:
        index.compact(is_full=True)
    index.upsert(passages(20), np.repeat(QUERIES[:1], 20, axis=0))  # now the youngest
    conditions = parse_filter(where)
    for languages in (None, ("en",), ("en", "de")):
        for hits in index.search(QUERIES[[0, 0, 1]], Scope(500, languages, conditions)):
            found = [int(hit.passage.id[1:]) for hit in hits]
            assert found and found == sorted(found, key=lambda number: (number < 20, number))
        alone = index.search(QUERIES[:1], Scope(500, languages, conditions))[0]
        assert alone == index.search(QUERIES[[0, 0]], Scope(500, languages, conditions))[0]
    index.close()


def test_fields_come_and_go_with_the_passages_that_have_them(tmp_path: Path) -> None:
    writer = open_made(tmp_path / "c")
    reader = open_made(tmp_path / "c", read_only=True)
    assert writer.fields() == reader.fields() == set()
    for metadata in ({"a": 1}, {"b": "x", "c": True}, {}):
        writer.upsert([Passage("p", "text", "de", None, metadata)], QUERIES[:1])
        writer.fields().add("not theirs to change")
        assert writer.fields() == reader.fields() == set(metadata)
    reader.close()
    writer.close()


def test_searches_end_when_the_collection_is_closed_meanwhile(tmp_path: Path) -> None:
    index = open_made(tmp_path / "c")
    index.upsert(passages(300), vectors(300))
    ends: list[type[BaseException]] = []
    started = threading.Barrier(5)

    def read() -> None:
        started.wait(20)
        try:
            while True:
                assert len(index.search(QUERIES[:1], Scope(10))[0]) == 10
        except BaseException as error:
            ends.append(type(error))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    started.wait(20)
    index.close()
    for thread in threads:
        thread.join(30)
    assert ends == [NotFound] * 4
    assert not index.store.database._idle, "no connection is left open"


@pytest.mark.parametrize("where", [{"tag": {"in": ["b", "a"]}}, {"year": {"gte": 0}}, {"year": {"in": [7, 3]}}])
def test_numbers_that_fit_come_once_and_in_order(tmp_path: Path, where: dict[str, object]) -> None:
    index = open_made(tmp_path / "c")
    index.upsert(passages(300), vectors(300))
    found = facets.fitting(index.store.database, parse_filter(where))
    expected = [passage.id for passage in passages(300) if matches(passage.metadata, parse_filter(where))]
    numbers = [number for part in found.values() for number in part.tolist()]
    assert sorted(passage.id for passage in index.store.get(numbers).values()) == sorted(expected)
    assert all((np.diff(part) > 0).all() for part in found.values()) and len(numbers) == len(expected) > 0
    assert {hit.passage.id for hit in index.search(QUERIES[:1], Scope(1000, None, parse_filter(where)))[0]} == set(
        expected
    )
    index.close()
