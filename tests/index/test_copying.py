"""Copies from one place to another: whole, resumable after a kill, and never mixed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from index.backend import Block, PassageIndex
from index.cli import app
from index.copying import Marker, copy_passages, making
from index.errors import Conflict, EncoderMismatch, IsoglotError, StorageUnavailable
from index.milvus.place import MilvusPlace
from index.passages import Passage
from index.places import LocalPlace
from tests.index.conftest import FACTS, fresh_name
from tests.index.test_backends import PASSAGES, everything, units

MANY = [*PASSAGES, *(Passage(f"n{n:04}", f"text {n}", ["de", "en", "zh-Hant"][n % 3]) for n in range(95))]
VECTORS = units(*range(100))


@pytest.fixture
def marker(tmp_path: Path) -> Marker:
    return Marker(tmp_path / "copies", "here/docs", "there/docs")


@pytest.fixture
def source(tmp_path: Path) -> PassageIndex:
    opened = LocalPlace(tmp_path / "here").open("docs", FACTS)
    opened.upsert(MANY, VECTORS)
    return opened


def ignore(copied: int) -> None:
    """Report to nobody."""


def test_a_copy_is_the_same_in_each_place(index: PassageIndex, source: PassageIndex, marker: Marker) -> None:
    told: list[int] = []
    assert copy_passages(source, index, marker, told.append, size=30) == source.counts() == index.counts()
    assert told == [0, 30, 60, 90, 100] and not marker.path.exists()
    assert everything(index) == everything(source) and index.fields() == source.fields()
    source.close()


def test_a_copy_that_was_cut_short_goes_on(index: PassageIndex, source: PassageIndex, marker: Marker) -> None:
    real, written = index.upsert, []

    class Failing:
        """The target, whose third write fails."""

        def __getattr__(self, name: str) -> object:
            return getattr(index, name)

        def upsert(self, passages: list[Passage], vectors: np.ndarray) -> None:
            if len(written) == 2:
                raise StorageUnavailable("full")
            written.append(len(passages))
            real(passages, vectors)

    with pytest.raises(StorageUnavailable):
        copy_passages(source, Failing(), marker, ignore, size=30)  # type: ignore[arg-type]
    begun = marker.read()
    assert begun is not None and begun[1] == 60
    told: list[int] = []
    copy_passages(source, index, marker, told.append, size=30)
    assert told == [60, 90, 100] and everything(index) == everything(source)
    source.close()


def test_one_whose_target_is_gone_begins_anew(index: PassageIndex, source: PassageIndex, marker: Marker) -> None:
    marker.write("n0050", 56)
    copy_passages(source, index, marker, ignore)
    assert everything(index) == everything(source)
    source.close()


def test_a_filled_target_is_refused_and_left_alone(index: PassageIndex, source: PassageIndex, marker: Marker) -> None:
    index.upsert(MANY[:1], VECTORS[:1])
    with pytest.raises(Conflict, match="holds 1 passages already"):
        copy_passages(source, index, marker, ignore)
    assert sum(index.counts().values()) == 1
    source.close()


def test_another_encoder_s_vectors_are_not_mixed(
    milvus_place: MilvusPlace, source: PassageIndex, marker: Marker
) -> None:
    other = milvus_place.open(fresh_name(), {**FACTS, "fingerprint": "0" * 64})
    with pytest.raises(EncoderMismatch, match="cannot be mixed"):
        copy_passages(source, other, marker, ignore)
    assert making(source) == FACTS
    for one in (source, other):
        one.close()


def test_counts_that_differ_in_the_end_are_told(
    index: PassageIndex, source: PassageIndex, marker: Marker, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = next(iter(source.scan()))
    short = Block(whole.passages[:-1], whole.vectors[:-1])
    monkeypatch.setattr(source, "scan", lambda after, size: iter([short]))
    with pytest.raises(Conflict, match="differs"):
        copy_passages(source, index, marker, ignore)
    source.close()


def run(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from index.cli import main; main()", *arguments, "--data", str(tmp_path)]
    environment = {**os.environ, "COLUMNS": "200"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)


KILLED = """
import os, signal, sys
from index.milvus.index import MilvusIndex
real, calls = MilvusIndex.upsert, []
def upsert(self, passages, vectors):
    if len(calls) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    calls.append(1)
    real(self, passages, vectors)
MilvusIndex.upsert = upsert
from index.cli import main
main()
"""


def test_the_command_copies_and_goes_on_after_a_kill(
    tmp_path: Path, milvus_url: str, milvus_place: MilvusPlace
) -> None:
    source = LocalPlace(tmp_path / "collections").open("docs", FACTS)
    passages = [Passage(f"n{n:05}", f"text {n}", ["de", "th"][n % 2]) for n in range(2500)]
    vectors = np.random.default_rng(0).standard_normal((2500, 16)).astype(np.float32)
    source.upsert(passages, vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    before = everything(source)
    source.close()
    name = fresh_name()
    arguments = ["index", "copy", "docs", name, "--to", milvus_url]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, *arguments, "--data", str(tmp_path)],
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    [left] = (tmp_path / "copies").glob("*.json")
    assert json.loads(left.read_text(encoding="utf-8"))["copied"] == 2000
    done = run(tmp_path, *arguments)
    assert done.returncode == 0, done.stderr
    assert "Going on after 2,000 passages" in done.stderr
    assert f"Copied 2,500 passages to '{name}': de 1,250, th 1,250." in done.stdout
    copy = milvus_place.open(name, {}, read_only=True)
    assert everything(copy) == before
    copy.close()
    back = CliRunner().invoke(app, ["index", "copy", name, "back", "--from", milvus_url, "--data", str(tmp_path)])
    assert back.exit_code == 0, back.output
    returned = LocalPlace(tmp_path / "collections").open("back", {}, read_only=True)
    assert everything(returned) == before
    returned.close()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("docs", "docs"), "onto itself"),
        (("none", "docs"), "no collection 'none'"),
        (("none", "Docs"), "no collection name"),
        (("none", "docs", "--to", "ftp://x"), "no place for collections"),
        (("none", "docs", "--from", "milvus://127.0.0.1:1"), "127.0.0.1:1"),
    ],
)
def test_what_cannot_be_copied_is_told(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    failed = CliRunner().invoke(app, ["index", "copy", *arguments, "--data", str(tmp_path)])
    assert isinstance(failed.exception, IsoglotError) and told in failed.exception.message
    assert not list(tmp_path.rglob("*.db")), "nothing was made"


def test_the_command_sets_and_removes_an_alias(
    milvus_url: str, milvus_place: MilvusPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, second = fresh_name(), f"live-{fresh_name()}"
    milvus_place.open(name, FACTS).close()
    monkeypatch.setenv("ISOGLOT_INDEX", milvus_url)
    assert CliRunner().invoke(app, ["index", "alias", second, name]).exit_code == 0
    assert milvus_place.aliases()[second] == name
    assert CliRunner().invoke(app, ["index", "alias", second, "--remove"]).exit_code == 0
    assert second not in milvus_place.names() and name in milvus_place.names()
    milvus_place.delete(name)
