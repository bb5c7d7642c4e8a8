"""Which place a setting names, and the catalog and the service's settings on either."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from index.catalog import Catalog
from index.encoder import Encoder
from index.errors import Conflict, EncoderMismatch, InvalidInput, NotFound
from index.milvus.place import MilvusPlace
from index.places import LocalPlace, open_place
from index.settings import IndexSettings
from tests.index.conftest import MilvusServer


def test_settings_name_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = IndexSettings.load(data=tmp_path).place()
    assert isinstance(place, LocalPlace) and place.folder == tmp_path / "collections"
    monkeypatch.setenv("ISOGLOT_INDEX", "milvus://search.internal/library")
    monkeypatch.setenv("ISOGLOT_MILVUS_TOKEN", "root:secret")
    settings = IndexSettings.load()
    there = settings.place()
    assert isinstance(there, MilvusPlace) and there.address.database == "library"
    assert "secret" not in repr(settings)
    assert isinstance(settings.place("local"), LocalPlace)


def test_what_is_no_place_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no place for collections"):
        open_place("qdrant://host", tmp_path)


def test_a_missing_library_is_told_with_the_command_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "index.milvus.place", None)
    with pytest.raises(InvalidInput, match=r"-e .\.\[cpu,milvus\]"):
        open_place("milvus://host", tmp_path)


def test_an_alias_stands_for_a_collection_of_a_folder(tmp_path: Path) -> None:
    place = LocalPlace(tmp_path)
    for name in ("old", "new"):
        place.open(name, {"encoder": "tiny", "fingerprint": "0", "dimension": "4"}).close()
    place.set_alias("live", "old")
    place.set_alias("live", "new")
    assert (place.resolve("live"), place.resolve("old"), place.aliases()) == ("new", "old", {"live": "new"})
    assert place.history.roll_back("live").target == "old"
    with pytest.raises(Conflict, match="stands for"):
        place.delete("old")
    with pytest.raises(NotFound, match="no collection 'nothing'"):
        place.set_alias("live", "nothing")
    place.drop_alias("live")
    place.delete("old")
    assert place.names() == ["new"]


def test_a_catalog_on_milvus_does_what_one_in_a_folder_does(
    tmp_path: Path, encoder: Encoder, other_encoder: Encoder
) -> None:
    server = MilvusServer(tmp_path)
    try:
        place = open_place(server.url, tmp_path)
        catalog = Catalog(place, encoder)
        made, is_new = catalog.create("docs")
        assert is_new and not catalog.create("docs")[1] and catalog.get("docs") is made
        catalog.ensure_demo()
        assert catalog.names() == ["demo", "docs"]
        hits = catalog.get("demo").search("moon", k=3, where={"topic": "tides"}, query_language="en").hits
        assert len(hits) == 3 and all(hit.passage.metadata["topic"] == "tides" for hit in hits)
        catalog.delete("docs")
        with pytest.raises(NotFound, match="there are: demo"):
            catalog.get("docs")
        catalog.close()
        # Another encoder's demo is set aside and nothing of it is lost.
        catalog = Catalog(place, other_encoder)
        catalog.ensure_demo()
        aside = f"demo-{encoder.fingerprint[:12]}"
        assert catalog.names() == ["demo", aside]
        with pytest.raises(EncoderMismatch):
            catalog.get(aside)
        catalog.close()
    finally:
        server.kill()
