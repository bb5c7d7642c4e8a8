"""What is Milvus' own: requests in parts, answers that are not trusted, several writers, a server that goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pymilvus.exceptions import MilvusException

import index.milvus.index as milvus
from index.errors import Conflict, DamagedCollection, NotFound, StorageUnavailable, TooLarge
from index.filters import parse_filter
from index.milvus import schema
from index.milvus.names import stored_name
from index.milvus.place import MilvusPlace
from index.milvus.schema import schema_of
from index.milvus.server import Address
from index.passages import Passage
from index.question import Scope
from tests.index.conftest import FACTS, MilvusServer, fresh_name
from tests.index.test_backends import everything, units

MANY = [Passage(f"p{n:03}", f"text {n}", ["de", "en"][n % 2], None, {"n": n}) for n in range(60)]
VECTORS = units(*range(60))


@pytest.fixture
def index(milvus_place: MilvusPlace) -> Iterator[milvus.MilvusIndex]:
    name = fresh_name()
    opened = milvus_place.open(name, FACTS)
    yield opened
    opened.close()
    milvus_place.delete(name)


def calls(monkeypatch: pytest.MonkeyPatch, index: milvus.MilvusIndex, name: str) -> list[dict[str, Any]]:
    """What a method of the client is called with from here on."""
    seen: list[dict[str, Any]] = []
    real = getattr(index._client, name)

    def call(*arguments: Any, **options: Any) -> Any:
        seen.append({**options, "arguments": arguments})
        return real(*arguments, **options)

    monkeypatch.setattr(index._client, name, call)
    return seen


def test_a_large_write_goes_in_several_requests(index: milvus.MilvusIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "REQUEST_BYTES", 2_000)
    sent = calls(monkeypatch, index, "upsert")
    index.upsert(MANY, VECTORS)
    assert 3 <= len(sent) < 60 and sum(len(call["arguments"][1]) for call in sent) == 60
    assert everything(index, 7) == {p.id: (p, v.tolist()) for p, v in zip(MANY, VECTORS, strict=True)}


def test_nothing_is_sent_when_one_passage_cannot_be_stored(
    index: milvus.MilvusIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "REQUEST_BYTES", 1)
    for bad in (Passage("x" * 513, "text", "de"), Passage("bad", "x" * 2_000_000, "de")):
        with pytest.raises(TooLarge, match="Nothing was stored"):
            index.upsert([*MANY, bad], units(*range(61)))
    assert index.counts() == {}


def test_a_scan_asks_for_less_when_an_answer_is_too_large(
    index: milvus.MilvusIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.upsert(MANY, VECTORS)
    real = index._client.query

    def query(*arguments: Any, **options: Any) -> Any:
        if options.get("limit", 0) > 7:
            raise MilvusException(message="message larger than max")
        return real(*arguments, **options)

    monkeypatch.setattr(index._client, "query", query)
    assert list(everything(index)) == [passage.id for passage in MANY]
    monkeypatch.setattr(
        index._client, "query", lambda *_, **__: real(stored_name(index.name), filter="no such", limit=1)
    )
    with pytest.raises(StorageUnavailable, match="did not do what was asked"):
        list(index.scan())


def test_passages_out_of_order_are_told(index: milvus.MilvusIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    index.upsert(MANY, VECTORS)
    real = index._client.query
    monkeypatch.setattr(index._client, "query", lambda *a, **o: list(real(*a, **o))[::-1])
    with pytest.raises(DamagedCollection, match="out of order"):
        list(index.scan())


@pytest.mark.parametrize(
    ("languages", "where"), [(("de",), None), (None, {"n": {"gte": 50}}), (("en",), {"n": {"lt": 9, "gt": 2}})]
)
def test_hits_obey_although_the_filter_does_not(
    index: milvus.MilvusIndex, monkeypatch: pytest.MonkeyPatch, languages: tuple[str, ...] | None, where: dict[str, Any]
) -> None:
    index.upsert(MANY, VECTORS)
    scope = Scope(3, languages, parse_filter(where))
    honest = index.search(VECTORS[:5], scope)
    monkeypatch.setattr("index.milvus.nearest.expression", lambda scope: "")
    asked = calls(monkeypatch, index, "search")
    assert index.search(VECTORS[:5], scope) == honest and all(len(hits) == 3 for hits in honest)
    assert len(asked) > 1, "it had to look further down"
    assert all(call["consistency_level"] == "Strong" for call in asked)


def test_many_queries_are_answered_in_blocks(index: milvus.MilvusIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    index.upsert(MANY, VECTORS)
    asked = calls(monkeypatch, index, "search")
    answers = index.search(VECTORS, Scope(1000))
    assert len(asked) == 15 and [hits[0].passage.id for hits in answers] == [p.id for p in MANY]
    assert all(len(hits) == 60 for hits in answers)


def test_another_process_writes_are_seen_at_once_and_counted_soon(
    index: milvus.MilvusIndex, milvus_place: MilvusPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert index.counts() == {}
    other = milvus_place.open(index.name, FACTS)
    other.upsert(MANY, VECTORS)
    other.close()
    assert index.search(VECTORS[:1], Scope(1))[0][0].passage == MANY[0] and index.fields() == {"n"}
    monkeypatch.setattr(milvus, "COUNTS_SECONDS", 0.0)
    assert index.counts() == {"de": 30, "en": 30}


def test_one_opened_for_reading_does_not_write(index: milvus.MilvusIndex, milvus_place: MilvusPlace) -> None:
    reader = milvus_place.open(index.name, {}, read_only=True)
    for write in (lambda: reader.upsert(MANY, VECTORS), lambda: reader.delete(["p000"])):
        with pytest.raises(StorageUnavailable, match="reading only"):
            write()
    reader.close()


def test_a_collection_that_is_not_ours_is_refused(milvus_place: MilvusPlace) -> None:
    name = fresh_name()
    milvus_place._client.create_collection(stored_name(name), schema=schema_of(16))
    with pytest.raises(Conflict, match="not made by Isoglot"):
        milvus_place.open(name, FACTS)
    milvus_place.delete(name)


def test_one_deleted_meanwhile_is_told(milvus_place: MilvusPlace) -> None:
    gone = milvus_place.open(fresh_name(), FACTS)
    milvus_place.delete(gone.name)
    with pytest.raises(NotFound, match="any more"):
        gone.search(VECTORS[:1], Scope(1))
    gone.close()
    with pytest.raises(StorageUnavailable):
        gone.facts()


def patiently(ask: Callable[[], milvus.MilvusIndex]) -> milvus.MilvusIndex:
    """What is asked for, once the server is there again: gRPC pauses between its tries to connect."""
    for _ in range(30):
        try:
            return ask()
        except StorageUnavailable:
            time.sleep(0.5)
    return ask()


def test_what_was_acknowledged_survives_a_kill_and_a_server_that_is_gone_is_told(tmp_path: Path) -> None:
    server = MilvusServer(tmp_path)
    try:
        place = MilvusPlace(Address.parse(server.url))
        first = place.open("docs", FACTS)
        first.upsert(MANY, VECTORS)
        first.delete(["p003"])
        server.kill()
        for ask in (lambda: first.search(VECTORS[:1], Scope(1)), lambda: first.upsert(MANY, VECTORS), place.names):
            with pytest.raises(StorageUnavailable, match="Check that it runs"):
                ask()
        server.start()
        again = patiently(lambda: place.open("docs", {}, read_only=True))
        assert again.facts() == FACTS and again.counts() == {"de": 30, "en": 29} and again.fields() == {"n"}
        held = everything(again)
        assert held == {p.id: (p, v.tolist()) for p, v in zip(MANY, VECTORS, strict=True) if p.id != "p003"}
        first.upsert(MANY[3:4], VECTORS[3:4])
        assert first.search(VECTORS[3:4], Scope(1)) == again.search(VECTORS[3:4], Scope(1)), "one left open goes on"
        for one in (first, again, place):
            one.close()
    finally:
        server.kill()


def test_vectors_are_kept_to_the_bit(index: milvus.MilvusIndex) -> None:
    tiny = np.full((1, 16), np.float32(1e-42)) + units(3)
    index.upsert(MANY[:1], tiny)
    assert np.array_equal(next(iter(index.scan())).vectors, tiny)
