"""One collection, two processes: one writes, as many as like read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from index.errors import CollectionInUse
from index.local.index import LocalIndex
from tests.index.local.made import FACTS, SMALL, open_made, require_equal, vectors
from tests.index.local.other import other_writer

QUERIES = vectors(5, seed=7)


def test_a_reader_sees_what_another_process_writes(tmp_path: Path) -> None:
    with other_writer(tmp_path / "c") as other:
        other.tell("upsert 0 300 0")
        reader = open_made(tmp_path / "c", read_only=True)
        for line in ("delete 0 20", "upsert 10 200 1", "compact", "upsert 250 300 2", "delete 100 50", "compact"):
            other.tell(line)
            require_equal(reader, other.model, QUERIES)
        reader.close()


def test_a_second_process_may_not_write_until_the_first_is_gone(tmp_path: Path) -> None:
    with other_writer(tmp_path / "c") as other:
        other.tell("upsert 0 50 0")
        with pytest.raises(CollectionInUse, match="another process"):
            open_made(tmp_path / "c")
        command = [sys.executable, "-m", "tests.index.local.other", str(tmp_path / "c")]
        third = subprocess.run(command, capture_output=True, text=True, input="", check=False)
        assert third.returncode == 1 and third.stderr.strip() == CollectionInUse.code
        other.tell("upsert 50 50 0")  # the first goes on as if nothing had happened
    index = open_made(tmp_path / "c")  # killed, so the kernel gave its lock back
    require_equal(index, other.model, QUERIES)
    index.close()


def test_two_processes_that_make_one_collection_at_once_make_one(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.index.local.other", str(tmp_path / "c")]
    racing = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    # Those that lose end at once; the winner waits for lines.
    losers = [process for process in racing if process.stdout and process.stdout.readline() != "open\n"]
    assert len(losers) == 2
    for process in racing:
        _, told = process.communicate(timeout=60)
        assert told.strip() == (CollectionInUse.code if process in losers else "")
    index = open_made(tmp_path / "c")
    assert index.counts() == {}
    index.close()


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    index = open_made(tmp_path / "c")
    with pytest.raises(CollectionInUse):
        open_made(tmp_path / "c")
    index.close()
    LocalIndex(tmp_path / "c", FACTS, shape=SMALL).close()
