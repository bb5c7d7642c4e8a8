"""Which encoders a process knows, and which of them a collection has."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.encoder import Encoder
from index.encoder_folder import DESCRIPTION, bundled_encoders
from index.encoders import Encoders
from index.errors import DamagedEncoder, NotFound
from tests.conftest import make_encoder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for seed, name in enumerate(("one", "two")):
        make_encoder(tmp_path / "shelf" / name, seed=seed + 5, name=name)
    (tmp_path / "shelf" / "notes").mkdir()
    return tmp_path / "shelf"


def known(encoder_folder: Path, *places: str) -> Encoders:
    return Encoders(str(encoder_folder), lambda: Encoder(encoder_folder, threads=1), places, threads=1)


def test_encoders_are_found_by_name_and_loaded_once(encoder_folder: Path, folder: Path) -> None:
    encoders = known(encoder_folder, str(folder))
    assert set(encoders.names()) == {str(encoder_folder), "one", "two", *bundled_encoders()}
    assert encoders.loaded() == []
    assert encoders.named("two") is encoders.named("two") and encoders.named("two").name == "two"
    assert encoders.default.name == "tiny" and [e.name for e in encoders.loaded()] == ["tiny", "two"]


def test_one_folder_may_be_listed_itself(encoder_folder: Path, folder: Path) -> None:
    encoders = known(encoder_folder, str(folder / "one"), "organisation/model@main")
    assert encoders.named("one").fingerprint == encoders.named(str(folder / "one")).fingerprint
    assert {"organisation/model", "organisation/model@main"} <= set(encoders.names()) and "two" not in encoders.names()


@pytest.mark.parametrize("name", ["three", "../shelf/two", "notes", "", "/etc"])
def test_nothing_else_is_loaded(encoder_folder: Path, folder: Path, name: str) -> None:
    with pytest.raises(NotFound, match="ISOGLOT_ENCODERS"):
        known(encoder_folder, str(folder)).named(name)


def test_a_collection_s_encoder_is_the_one_of_its_fingerprint(encoder_folder: Path, folder: Path) -> None:
    encoders = known(encoder_folder, str(folder))
    wanted = Encoder(folder / "two", threads=1)
    found = encoders.of({"encoder": "of another name", "fingerprint": wanted.fingerprint})
    assert found is not None and found.fingerprint == wanted.fingerprint
    assert [encoder.name for encoder in encoders.loaded()] == ["two"], "no other is loaded for it"
    assert encoders.of({"encoder": "two", "fingerprint": "0" * 64}) is None and encoders.of({}) is None


def test_a_damaged_one_bars_no_other(encoder_folder: Path, folder: Path) -> None:
    (folder / "one" / DESCRIPTION).write_text("{", encoding="utf-8")
    encoders = known(encoder_folder, str(folder))
    wanted = Encoder(folder / "two", threads=1).fingerprint
    assert encoders.of({"fingerprint": wanted}) is not None
    with pytest.raises(DamagedEncoder):
        encoders.named("one")
