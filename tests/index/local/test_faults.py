"""Disks that are full or read-only, and clocks that jump: told clearly, and nothing acknowledged is lost."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime, tzinfo
from pathlib import Path

import pytest

from index.errors import StorageUnavailable
from index.local.schedule import SnapshotPlan, next_snapshot, snapshots
from index.passages import Passage
from index.question import Scope
from tests.index.local.made import Model, open_made, passages, require_equal, vectors

QUERIES = vectors(3, seed=5)
MEBIBYTES = 12


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own of a few mebibytes; needs leave to mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={MEBIBYTES}m", "isoglot-test", str(place)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system needs root and a kernel that lets it")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path, left: int = 0) -> None:
    """Fill the disk but for so many bytes."""
    filler = place / "filler"
    free = shutil.disk_usage(place).free - left
    with filler.open("ab") as file:
        file.write(b"\0" * max(free, 0))


def large(n: int, first: int) -> list[Passage]:
    return [Passage(p.id, p.text + " long" * 100, p.language, None, p.metadata) for p in passages(n, first)]


def test_a_full_disk_loses_nothing_and_work_goes_on_when_there_is_room(disk: Path) -> None:
    fill(disk, 5 * 2**20)
    model, index = Model(), open_made(disk / "c")
    batches = 0
    with pytest.raises(StorageUnavailable, match=r"full|disk I/O"):
        for batches in range(1000):
            index.upsert(large(50, 50 * batches), vectors(50, batches))
            model.upsert(large(50, 50 * batches), vectors(50, batches))
    assert batches > 3
    fill(disk)  # the last byte
    with pytest.raises(StorageUnavailable):
        index.upsert(large(50, 50_000), vectors(50))
    require_equal(index, model, QUERIES)
    index.close()
    (disk / "filler").unlink()
    index = open_made(disk / "c")
    require_equal(index, model, QUERIES)
    assert index.delete([f"p{n}" for n in range(200)]) == 200
    model.delete([f"p{n}" for n in range(200)])
    index.upsert(large(50, 0), vectors(50))
    model.upsert(large(50, 0), vectors(50))
    require_equal(index, model, QUERIES)
    index.close()


def test_segments_that_do_not_fit_are_told_and_made_when_they_do(disk: Path) -> None:
    model, index = Model(), open_made(disk / "c")
    fill(disk, 512 * 1024)
    with pytest.raises(OSError, match="No space|requested and"), index.bulk():
        index.upsert(passages(800), vectors(800))
        model.upsert(passages(800), vectors(800))
        fill(disk, 4096)
    assert [path.name for path in (disk / "c" / "vectors").glob("segment*")] == []
    require_equal(index, model, QUERIES)
    (disk / "filler").unlink()
    index.compact(is_full=True)
    assert len(index.info()["segments"]) == 1
    require_equal(index, model, QUERIES)
    index.close()


def test_a_snapshot_that_does_not_fit_is_told_and_leaves_nothing(disk: Path, tmp_path: Path) -> None:
    index = open_made(tmp_path / "c")
    index.upsert(large(400, 0), vectors(400))
    index.compact(is_full=True)
    fill(disk, 100 * 1024)
    with pytest.raises(StorageUnavailable, match="cannot be written"):
        index.snapshot(disk / "snapshot")
    assert [path.name for path in disk.iterdir()] == ["filler"]
    (disk / "filler").unlink()
    index.snapshot(disk / "snapshot")
    copy = open_made(disk / "snapshot", read_only=True)
    assert copy.counts() == index.counts()
    copy.close()
    index.close()


def test_a_read_only_folder_can_be_searched_and_tells_who_would_write(disk: Path) -> None:
    model, index = Model(), open_made(disk / "c")
    index.upsert(passages(300), vectors(300))
    model.upsert(passages(300), vectors(300))
    index.compact(is_full=True)
    index.close()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with pytest.raises(StorageUnavailable, match="Read-only"):
        open_made(disk / "c")
    with pytest.raises(StorageUnavailable):
        open_made(disk / "new")
    source = open_made(disk / "c", read_only=True)
    require_equal(source, model, QUERIES)
    with pytest.raises(StorageUnavailable, match="snapshot"):
        source.snapshot(disk / "snapshot")
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    index = open_made(disk / "c")
    require_equal(index, model, QUERIES)
    with pytest.raises(StorageUnavailable, match="written to elsewhere"):
        source.search(QUERIES[:1], Scope(5))
    source.close()
    index.close()


def test_a_clock_that_jumps_back_changes_no_order_and_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, index = Model(), open_made(tmp_path / "c")
    plan = SnapshotPlan(tmp_path / "snapshots", 1, 2)
    now = [4e9]
    monkeypatch.setattr(time, "time", lambda: now[0])
    monkeypatch.setattr("index.local.schedule.datetime", _Clock(now))
    for step in range(4):
        now[0] -= 1e8  # three years
        index.upsert(passages(250, 100 * step, step), vectors(250, step))
        model.upsert(passages(250, 100 * step, step), vectors(250, step))
        index.compact(is_full=step % 2 == 0)
        index.snapshot(next_snapshot(plan.folder))
        reader = open_made(tmp_path / "c", read_only=True)
        require_equal(reader, model, QUERIES)
        reader.close()
    index.close()
    taken = snapshots(plan.folder)
    assert [path.name[:7] for path in taken] == [f"{n:06d}-" for n in range(1, 5)]
    assert [path.name[7:11] for path in taken] == sorted((path.name[7:11] for path in taken), reverse=True)
    newest = open_made(taken[-1], read_only=True)
    require_equal(newest, model, QUERIES)
    newest.close()
    index = open_made(tmp_path / "c")
    assert not index.state.now.rebuilt
    require_equal(index, model, QUERIES)
    index.close()


class _Clock:
    """Stands in for `datetime`."""

    def __init__(self, now: list[float]) -> None:
        self._now = now

    def now(self, zone: tzinfo) -> datetime:
        return datetime.fromtimestamp(self._now[0], zone)
