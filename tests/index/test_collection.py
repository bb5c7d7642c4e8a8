"""Collections: what was acknowledged stays, what was refused leaves no trace."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.catalog import collection_name
from index.collection import Collection
from index.encoder import Encoder
from index.errors import (
    CollectionInUse,
    DamagedCollection,
    EncoderMismatch,
    InvalidInput,
    NotFound,
    StorageUnavailable,
    UnknownLanguage,
)
from index.local.index import DATABASE
from index.passages import Passage
from tests.conftest import WORDS

PASSAGES = [
    Passage("tides.en", "tide moon", "en", "Tides", {"topic": "tides"}),
    Passage("tides.de", "ebbe mond", "de"),
    Passage("bread.en", "bread yeast", "en"),
    Passage("bread.de", "brot", "de"),
    Passage("heart.th", "heart blood น้ำ", "th"),
]


@pytest.fixture
def collection(tmp_path: Path, encoder: Encoder) -> Iterator[Collection]:
    with Collection.open(tmp_path / "docs", encoder) as opened:
        opened.upsert(PASSAGES)
        yield opened


def test_search_finds_and_reports(collection: Collection) -> None:
    answer = collection.search("bread yeast", k=2, query_language="en")
    assert answer.hits[0].passage == PASSAGES[2]
    assert answer.hits[0].score == pytest.approx(1.0, abs=1e-5)
    assert answer.languages == ["de", "en", "th"]
    assert sum(share.hits for share in answer.shares) == 2
    assert sum(share.pool_share for share in answer.shares) == pytest.approx(1)
    assert (answer.query_language.code, answer.query_language.how) == ("en", "given")


def test_upsert_replaces_and_moves_between_languages(collection: Collection) -> None:
    collection.upsert([Passage("bread.de", "moon", "th")])
    assert collection.counts() == {"de": 1, "en": 2, "th": 2}
    assert "bread.de" not in [hit.passage.id for hit in collection.search("brot", languages=["de"]).hits]
    assert collection.search("moon", k=1, languages=["th"]).hits[0].passage.id == "bread.de"


def test_delete_forgets(collection: Collection) -> None:
    assert collection.delete(["tides.en", "nothing"]) == 1
    assert "tides.en" not in [hit.passage.id for hit in collection.search("tide moon", k=10).hits]


def test_everything_is_there_after_reopening(collection: Collection, encoder: Encoder) -> None:
    before = collection.search("moon", k=10).as_json()
    collection.close()
    with Collection.open(collection.index.folder, encoder, read_only=True) as again:
        assert again.search("moon", k=10).as_json() == before


def test_a_batch_with_a_repeated_id_changes_nothing(collection: Collection) -> None:
    with pytest.raises(InvalidInput, match="more than once"):
        collection.upsert([Passage("new", "moon", "de"), Passage("new", "bread", "de")])
    assert sum(collection.counts().values()) == len(PASSAGES)


@pytest.mark.parametrize("k", [0, -1, 10**9])
def test_k_out_of_range_is_told(collection: Collection, k: int) -> None:
    with pytest.raises(InvalidInput, match="from 1 to 1000"):
        collection.search("moon", k=k)


def test_unknown_languages_are_told(collection: Collection) -> None:
    with pytest.raises(UnknownLanguage, match="available: de, en, th"):
        collection.search("moon", languages=["fr"])
    with pytest.raises(UnknownLanguage, match="BCP 47"):
        collection.search("moon", query_language="english")
    with pytest.raises(InvalidInput, match="empty list"):
        collection.search("moon", languages=[])


def test_another_encoder_is_refused(collection: Collection, other_encoder: Encoder) -> None:
    collection.close()
    with pytest.raises(EncoderMismatch, match="filled by encoder 'tiny'"):
        Collection.open(collection.index.folder, other_encoder)


def test_a_second_writer_is_refused_and_a_reader_is_not(collection: Collection, encoder: Encoder) -> None:
    with pytest.raises(CollectionInUse):
        Collection.open(collection.index.folder, encoder)
    with Collection.open(collection.index.folder, encoder, read_only=True) as reader:
        assert reader.counts() == collection.counts()


@pytest.mark.parametrize("damage", ["garbage", "cut", "flipped"])
def test_a_damaged_database_is_told(collection: Collection, encoder: Encoder, damage: str) -> None:
    collection.close()
    path = collection.index.folder / DATABASE
    content = bytearray(path.read_bytes())
    if damage == "garbage":
        content[:] = b"not a database at all" * 100
    elif damage == "cut":
        del content[len(content) // 3 :]
    else:
        content[4096:8192] = b"\xff" * 4096
    path.write_bytes(content)
    with pytest.raises(DamagedCollection):
        Collection.open(collection.index.folder, encoder)


def test_a_full_disk_is_told_and_nothing_is_half_stored(collection: Collection) -> None:
    store = collection.index.store.database._writer
    pages = store.execute("PRAGMA page_count").fetchone()[0]
    store.execute(f"PRAGMA max_page_count = {pages}")
    many = [Passage(f"n{n}", "moon " * 50, "de") for n in range(200)]
    with pytest.raises(StorageUnavailable, match="full"):
        collection.upsert(many)
    assert sum(collection.counts().values()) == len(PASSAGES)
    store.execute("PRAGMA max_page_count = 1000000")
    collection.upsert(many)
    assert sum(collection.counts().values()) == len(PASSAGES) + 200


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, encoder: Encoder) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(StorageUnavailable, match="cannot be written"):
        Collection.open(tmp_path / "file" / "docs", encoder)


def test_an_absent_collection_is_not_made_by_reading(tmp_path: Path, encoder: Encoder) -> None:
    with pytest.raises(NotFound):
        Collection.open(tmp_path / "none", encoder, read_only=True)
    assert not (tmp_path / "none").exists()


_KILLED = """
import sys
from pathlib import Path
from index.collection import Collection
from index.encoder import Encoder
from index.passages import Passage
collection = Collection.open(Path(sys.argv[1]), Encoder(sys.argv[2], threads=1))
for batch in range(10_000):
    collection.upsert([Passage(f"{batch}.{n}", "moon tide", "de") for n in range(5)])
    print(batch, flush=True)
"""


@pytest.mark.parametrize("acknowledged", [1, 7, 40])
def test_what_was_acknowledged_survives_a_kill(
    tmp_path: Path, encoder_folder: Path, encoder: Encoder, acknowledged: int
) -> None:
    folder = tmp_path / "killed"
    command = [sys.executable, "-c", _KILLED, str(folder), str(encoder_folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for _ in range(acknowledged):
            last = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
    with Collection.open(folder, encoder) as again:
        count = sum(again.counts().values())
        assert count >= 5 * (last + 1), "acknowledged"
        assert count % 5 == 0, "no batch half applied"
        assert len(again.search("moon", k=1000).hits) == min(count, 1000)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["de", "en", "th"]), st.sampled_from(WORDS[1:]))),
    st.sets(st.sampled_from(["de", "en", "th"]), min_size=1),
    st.integers(1, 8),
)
def test_a_filtered_search_returns_only_those_languages_and_the_nearest(
    tmp_path_factory: pytest.TempPathFactory,
    encoder: Encoder,
    writes: list[tuple[str, str, str]],
    languages: set[str],
    k: int,
) -> None:
    model: dict[str, tuple[str, str]] = {}
    with Collection.open(tmp_path_factory.mktemp("c") / "docs", encoder) as collection:
        for identity, language, text in writes:
            collection.upsert([Passage(identity, text, language)])
            model[identity] = (language, text)
        wanted = sorted(languages & {language for language, _ in model.values()})
        if not wanted:
            return
        hits = collection.search("moon tide", k=k, languages=wanted).hits
        assert all(hit.passage.language in wanted for hit in hits)
        allowed = {i: text for i, (language, text) in model.items() if language in wanted}
        query = encoder.encode(["moon tide"], "query")[0]
        scores = sorted((float(encoder.encode([t], "passage")[0] @ query) for t in allowed.values()), reverse=True)
        assert [hit.score for hit in hits] == pytest.approx(scores[:k], abs=1e-5)


@pytest.mark.parametrize("name", ["", "..", "a/b", "A", "x" * 64, "-a", "a b", "ü"])
def test_collection_names_are_safe_folder_names(name: str) -> None:
    with pytest.raises(InvalidInput, match="no collection name"):
        collection_name(name)
