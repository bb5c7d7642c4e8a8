from __future__ import annotations

import threading
from pathlib import Path

import pytest

from index.locks import hold, is_held, wait_for


def test_one_holds_others_see_it_and_wait(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.lock"
    assert not is_held(path), "nobody made it"
    first = hold(path)
    assert first is not None and is_held(path) and hold(path) is None
    got = threading.Event()

    def wait() -> None:
        with wait_for(path):
            got.set()

    thread = threading.Thread(target=wait)
    thread.start()
    assert not got.wait(0.2)
    first.close()
    assert got.wait(20)
    thread.join()
    assert not is_held(path)


def test_what_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for take in (hold, wait_for):
        with pytest.raises(OSError, match="file"):
            take(tmp_path / "file" / "a.lock")
