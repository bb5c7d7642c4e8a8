"""A process of its own with a collection open for writing, told by lines what to do.

    python -m tests.index.local.other FOLDER

`upsert FIRST COUNT VERSION`, `delete FIRST COUNT`, `compact`; each is answered by `done` once it is on disk.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from index.errors import IsoglotError
from tests.index.local.made import Model, open_made, passages, vectors


def content(first: int, count: int, version: int) -> tuple:
    return passages(count, first, version), vectors(count, first + 1000 * version)


class Other:
    """The process; what it did is kept in `model` too."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process, self.model = process, Model()

    def tell(self, line: str) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"
        kind, *numbers = line.split()
        if kind == "upsert":
            self.model.upsert(*content(*map(int, numbers)))
        elif kind == "delete":
            self.model.delete([f"p{int(numbers[0]) + i}" for i in range(int(numbers[1]))])


@contextmanager
def other_writer(folder: Path) -> Iterator[Other]:
    """Another process that has the collection in a folder open for writing; killed in the end."""
    command = [sys.executable, "-m", "tests.index.local.other", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout and process.stdout.readline() == "open\n"
            yield Other(process)
        finally:
            process.kill()


def main(folder: Path) -> None:
    try:
        index = open_made(folder)
    except IsoglotError as error:
        sys.exit(error.code)
    sys.stdout.write("open\n")
    sys.stdout.flush()
    for line in sys.stdin:
        kind, *numbers = line.split()
        if kind == "upsert":
            index.upsert(*content(*map(int, numbers)))
        elif kind == "delete":
            index.delete([f"p{int(numbers[0]) + i}" for i in range(int(numbers[1]))])
        else:
            index.compact(is_full=True)
        sys.stdout.write("done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
