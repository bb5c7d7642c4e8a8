"""Addresses, databases and aliases of a Milvus."""

from __future__ import annotations

import time

import pytest

from index.errors import Conflict, InvalidInput, NotFound, StorageUnavailable
from index.milvus.place import MilvusPlace
from index.milvus.server import Address
from index.passages import Passage
from index.question import Scope
from tests.index.conftest import FACTS, fresh_name
from tests.index.test_backends import units


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("milvus://host", Address("http://host:19530")),
        ("milvus://host:1/", Address("http://host:1")),
        ("milvus+https://host:443/library", Address("https://host:443", "library")),
        ("milvus://[::1]:19530", Address("http://[::1]:19530")),
    ],
)
def test_addresses_are_read(url: str, address: Address) -> None:
    assert Address.parse(url) == address


@pytest.mark.parametrize(
    "url", ["milvus://", "milvus://h:x", "milvus:h", "milvuss://h", "milvus://h/a/b", "milvus://h?x=1"]
)
def test_what_is_no_address_is_told(url: str) -> None:
    with pytest.raises(InvalidInput, match="no address of a Milvus"):
        Address.parse(url)


def test_a_password_has_no_place_in_an_address() -> None:
    with pytest.raises(InvalidInput, match="ISOGLOT_MILVUS_TOKEN") as told:
        Address.parse("milvus://root:secret@host")
    assert "secret" not in told.value.message


def test_nothing_answers() -> None:
    begun = time.monotonic()
    with pytest.raises(StorageUnavailable, match="127.0.0.1:1"):
        MilvusPlace(Address.parse("milvus://127.0.0.1:1")).names()
    assert time.monotonic() - begun < 30


def test_an_alias_stands_for_one_collection_then_for_another(milvus_place: MilvusPlace) -> None:
    alias, first, second = (f"{kind}-{fresh_name()}" for kind in ("live", "old", "new"))
    for name in (first, second):
        opened = milvus_place.open(name, FACTS)
        opened.upsert([Passage(name, "text", "de")], units(1))
        opened.close()
    milvus_place.set_alias(alias, first)
    reader = milvus_place.open(alias, {}, read_only=True)
    assert reader.search(units(1), Scope(1))[0][0].passage.id == first
    milvus_place.set_alias(alias, second)
    assert reader.search(units(1), Scope(1))[0][0].passage.id == second, "one that is open follows"
    assert milvus_place.aliases()[alias] == second and alias in milvus_place.names()
    with pytest.raises(Conflict, match="what the alias"):
        milvus_place.delete(second)
    with pytest.raises(Conflict, match="a collection itself"):
        milvus_place.set_alias(first, second)
    with pytest.raises(NotFound):
        milvus_place.set_alias(alias, "nothing")
    with pytest.raises(NotFound):
        milvus_place.set_alias("other", alias)
    reader.close()
    milvus_place.delete(alias)
    assert not milvus_place.has(alias) and milvus_place.has(second)
    with pytest.raises(NotFound):
        milvus_place.drop_alias(alias)
    for name in (first, second):
        milvus_place.delete(name)


def test_databases_are_apart(milvus_place: MilvusPlace, milvus_url: str) -> None:
    milvus_place._client.create_database("library")
    other = MilvusPlace(Address.parse(f"{milvus_url}/library"))
    opened = other.open("docs", FACTS)
    assert other.names() == ["docs"] and "docs" not in milvus_place.names()
    opened.close()
    other.delete("docs")
    other.close()
    with pytest.raises(StorageUnavailable, match="none-such"):
        MilvusPlace(Address.parse(f"{milvus_url}/none-such")).names()
