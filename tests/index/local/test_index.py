"""The local index: what is found is what a plain list would give, whatever stands in segments and in memory."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from index.filters import parse_filter
from index.local.build import Shape
from index.local.manifest import FOLDER, MANIFEST, Manifest
from index.question import Scope
from tests.index.local.made import Model, fill, open_made, passages, require_equal, require_means, vectors

QUERIES = vectors(5, seed=7)


@pytest.mark.parametrize("storage", ["float32", "float16", "int8"])
def test_segments_and_memory_answer_like_a_plain_list(tmp_path: Path, storage: str) -> None:
    model, index = Model(), open_made(tmp_path / "c", Shape(storage=storage, exact_below=200, recall=0.999))  # type: ignore[arg-type]
    fill(index, model, 150)
    require_equal(index, model, QUERIES)
    index.compact(is_full=True)
    fill(index, model, 900, 100, version=1)
    index.compact()
    assert index.info()["segments"]
    require_equal(index, model, QUERIES)
    gone = [f"p{i}" for i in range(0, 1000, 3)]
    assert index.delete(gone) == len(gone) and index.delete(gone) == 0
    model.delete(gone)
    require_equal(index, model, QUERIES)
    index.close()
    index = open_made(tmp_path / "c")
    require_equal(index, model, QUERIES)
    index.compact(is_full=True)
    assert len(index.info()["segments"]) == 1 and not index.info()["in_memory"]
    assert index.info()["segments"][0]["dead"] == 0, "space comes back"
    require_equal(index, model, QUERIES)
    index.close()


def test_more_passages_are_fetched_at_once_than_a_statement_takes(tmp_path: Path) -> None:
    """A hundred questions with a thousand hits each, say."""
    index = open_made(tmp_path / "c")
    index.upsert(passages(50), vectors(50))
    assert len(index.store.get(range(100_000))) == 50
    assert len(index.store.vectors_of(range(100_000), 16)[0]) == 50
    index.close()


@pytest.mark.parametrize("storage", ["float32", "int8"])
def test_what_stands_behind_the_hits_is_found_with_its_language(tmp_path: Path, storage: str) -> None:
    model, index = Model(), open_made(tmp_path / "c", Shape(storage=storage, exact_below=200))  # type: ignore[arg-type]
    fill(index, model, 700)
    index.compact(is_full=True)
    fill(index, model, 150, 600, version=1)
    index.delete(["p3", "p4"])
    languages = {row: p.language for row, (p, _) in model.rows.items()}
    for scope in (Scope(5), Scope(5, ("sw", "th")), Scope(5, None, parse_filter({"tag": "a"}))):
        plain = index.search(QUERIES, scope)
        everything = index.search(QUERIES, Scope(20, scope.languages, scope.where))
        for hits, more, found in zip(plain, everything, index.search_wider(QUERIES, scope), strict=True):
            assert found.hits == hits
            assert len(found.scores) == len(found.languages) <= 20 and (np.diff(found.scores) <= 0).all()
            assert [hit.score for hit in hits] == pytest.approx(found.scores[: len(hits)], abs=1e-5)
            assert found.languages[: len(hits)] == [languages[hit.passage.id] for hit in hits]
            told = [(round(hit.score, 4), hit.passage.language) for hit in more]
            there = zip(found.scores, found.languages, strict=True)
            known = [(round(score, 4), code) for score, code in there]
            assert len(set(told) & set(known)) >= 0.8 * len(told)
    index.close()


def test_sizes_fall_and_all_is_sealed_in_the_background(tmp_path: Path) -> None:
    model, index = Model(), open_made(tmp_path / "c")
    fill(index, model, 3000)
    index._sealer.close()
    sizes = [segment["passages"] for segment in index.info()["segments"]]
    assert sizes and sizes == sorted(sizes, reverse=True) and len(sizes) <= 4
    require_equal(index, model, QUERIES)
    assert sorted(path.name for path in (tmp_path / "c" / FOLDER).iterdir()) == sorted(
        [MANIFEST, *(facts.name for facts in Manifest.read(tmp_path / "c" / FOLDER)[0].segments)]
    )
    index.close()


def test_recall_is_measured_for_every_language_and_shown(tmp_path: Path) -> None:
    index = open_made(tmp_path / "c", Shape(exact_below=500))
    with index.bulk():
        fill(index, Model(), 6000)
    recall = index.info()["recall"]
    assert recall["promised"] == 0.99 and set(recall["measured"]) >= {"all", "de"}
    assert all(value >= 0.99 for value in recall["measured"].values())
    assert "sw" in recall["exact"]
    index.close()


def test_in_bulk_little_is_sealed_but_memory_stays_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = open_made(tmp_path / "c", Shape(exact_below=100))
    with index.bulk():
        fill(index, Model(), 900)
        index._sealer.close()
        assert not index.info()["segments"]
    assert len(index.info()["segments"]) == 1
    index.close()
    monkeypatch.setattr("index.local.sealing._BULK_BYTES", 500 * 4 * 16)
    index = open_made(tmp_path / "d", Shape(exact_below=100))
    with index.bulk():
        fill(index, Model(), 900)
        for _ in range(600):
            if index.info()["segments"]:
                break
            time.sleep(0.05)
        assert index.info()["in_memory"] < 500
    index.close()


@pytest.mark.parametrize("damage", ["cut", "flip", "missing", "manifest", "manifest gone", "old manifest"])
def test_damaged_derived_files_are_noticed_rebuilt_and_told(tmp_path: Path, damage: str) -> None:
    model, index = Model(), open_made(tmp_path / "c")
    fill(index, model, 600)
    index.compact(is_full=True)
    folder = tmp_path / "c" / FOLDER
    shutil.copy(folder / MANIFEST, tmp_path / "old")
    index.delete(["p5"])
    index.upsert(passages(100, 300, 5), vectors(100, 5))
    model.delete(["p5"])
    model.upsert(passages(100, 300, 5), vectors(100, 5))
    index.compact(is_full=True)
    index.close()
    storage = next(folder.glob("*/storage.faiss"))
    content = bytearray(storage.read_bytes())
    if damage == "cut":
        storage.write_bytes(content[: len(content) // 2])
    elif damage == "flip":
        content[len(content) // 2] ^= 1
        storage.write_bytes(content)
    elif damage == "missing":
        shutil.rmtree(storage.parent)
    elif damage == "manifest":
        (folder / MANIFEST).write_text((folder / MANIFEST).read_text()[:-40])
    elif damage == "manifest gone":
        (folder / MANIFEST).unlink()
    else:
        shutil.copy(tmp_path / "old", folder / MANIFEST)
    for read_only in (True, False):
        index = open_made(tmp_path / "c", read_only=read_only)
        assert index.state.now.rebuilt, "told"
        require_equal(index, model, QUERIES)
        index.close()
    index = open_made(tmp_path / "c")
    index.compact(is_full=True)
    index.close()
    index = open_made(tmp_path / "c", read_only=True)
    assert not index.state.now.rebuilt, "mended"
    require_equal(index, model, QUERIES)
    index.close()


def test_a_reader_in_another_process_sees_what_is_written_later(tmp_path: Path) -> None:
    model, writer = Model(), open_made(tmp_path / "c")
    fill(writer, model, 150)
    reader = open_made(tmp_path / "c", read_only=True)
    for step in range(4):
        fill(writer, model, 200, 200 * step)
        writer.delete([f"p{step}"])
        model.delete([f"p{step}"])
        require_means(reader, model)
        writer.compact()
        require_equal(reader, model, QUERIES)
        require_means(reader, model)
    reader.close()
    writer.close()


def test_readers_do_not_wait_for_a_writer(tmp_path: Path) -> None:
    index = open_made(tmp_path / "c")
    index.upsert(passages(50), vectors(50))
    done = threading.Event()

    def read() -> None:
        index.search(QUERIES, Scope(5))
        index.counts()
        done.set()

    with index.store.database.transaction(), index.state.writing:
        thread = threading.Thread(target=read)
        thread.start()
        assert done.wait(20)
    thread.join()
    index.close()


def test_searches_beside_writes_find_only_whole_batches(tmp_path: Path) -> None:
    """Each batch holds ten passages with one vector: a search for it must find all ten or none."""
    index, stop = open_made(tmp_path / "c"), threading.Event()
    faults: list[str] = []
    target = vectors(1, seed=3)[0]

    def read() -> None:
        while not stop.is_set():
            hits = index.search(target[None], Scope(1000))[0]
            if sum(hit.score > 0.9999 for hit in hits) % 10:
                faults.append(f"{len(hits)} hits")

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for batch in range(40):
        index.upsert(passages(10, 10 * batch), np.repeat(target[None], 10, axis=0))
    stop.set()
    for thread in threads:
        thread.join()
    assert not faults
    index.close()


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    open_made(tmp_path / "c").close()
    left = tmp_path / "c" / FOLDER / "segment-1-9-dead"
    left.mkdir(parents=True)
    (left / "storage.faiss").write_bytes(b"half")
    open_made(tmp_path / "c").close()
    assert not left.exists()


def test_a_failed_seal_loses_nothing_and_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, index = Model(), open_made(tmp_path / "c")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("index.local.build.np.save", full)
    fill(index, model, 600)
    index._sealer.close()
    assert "No space" in index.info()["fault"]
    assert not list((tmp_path / "c" / FOLDER).glob("segment*"))
    require_equal(index, model, QUERIES)
    index.close()
