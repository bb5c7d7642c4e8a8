"""Scheduled snapshots come, are pruned, and hang on no clock."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from index.local.index import LocalIndex
from index.local.schedule import Schedule, SnapshotPlan, next_snapshot, snapshots
from tests.index.local.made import FACTS, open_made, passages, vectors


def test_the_newest_are_kept_and_are_collections(tmp_path: Path) -> None:
    plan = SnapshotPlan(tmp_path / "snapshots" / "c", hours=0.1 / 3600, kept=2)
    index = LocalIndex(tmp_path / "c", FACTS, snapshots=plan)
    index.upsert(passages(20), vectors(20))
    deadline = time.monotonic() + 30
    while not (tmp_path / "snapshots" / "c").is_dir() or not any(
        int(path.name[:6]) >= 4 for path in snapshots(plan.folder)
    ):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    index.close()
    kept = snapshots(plan.folder)
    assert len(kept) <= 2
    copy = open_made(kept[-1], read_only=True)
    assert sum(copy.counts().values()) == 20
    copy.close()


def test_numbers_order_them_when_the_clock_jumps_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("000009-2030-01-01T00-00-00Z", "000010-2020-01-01T00-00-00Z"):
        (tmp_path / name).mkdir()
    assert [path.name[:6] for path in snapshots(tmp_path)] == ["000009", "000010"]
    assert next_snapshot(tmp_path).name.startswith("000011-")


def test_a_newest_one_from_the_future_delays_by_the_plan_s_hours_at_most(tmp_path: Path) -> None:
    (tmp_path / "000001-2030-01-01T00-00-00Z").mkdir()
    os.utime(tmp_path / "000001-2030-01-01T00-00-00Z", (4e9, 4e9))
    taken = threading.Event()
    schedule = Schedule(SnapshotPlan(tmp_path, hours=0.2 / 3600, kept=1), lambda _: taken.set())
    assert taken.wait(20)
    schedule.close()
