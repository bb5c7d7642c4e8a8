"""Only whole folders count."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from index.errors import StorageUnavailable
from training.checkpoints import latest_checkpoint, mark_complete, place


def test_the_latest_whole_checkpoint_is_found_and_torn_ones_go(tmp_path: Path) -> None:
    assert latest_checkpoint(tmp_path) is None
    for step in (90, 100, 1000):
        (tmp_path / f"checkpoint-{step}").mkdir()
    for step in (90, 100):
        mark_complete(tmp_path / f"checkpoint-{step}")
    assert latest_checkpoint(tmp_path) == tmp_path / "checkpoint-100"
    assert not (tmp_path / "checkpoint-1000").exists()


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    def fails(folder: Path) -> None:
        (folder / "half").write_text("x", encoding="utf-8")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StorageUnavailable, match="No space left"):
        place(tmp_path / "model", fails)
    assert list(tmp_path.iterdir()) == []
    place(tmp_path / "model", lambda folder: (folder / "whole").touch())
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["whole"]
