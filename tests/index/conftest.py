"""Both backends, for tests that must hold on either: a folder, and Milvus' small sibling over gRPC."""

from __future__ import annotations

import itertools
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from index.backend import PassageIndex
from index.milvus.place import MilvusPlace
from index.milvus.server import Address
from index.places import LocalPlace, Place
from tests.index.backend_tools import PASSAGES, VECTORS

FACTS = {"encoder": "tiny", "fingerprint": "f" * 64, "dimension": "16"}

_numbers = itertools.count()


class MilvusServer:
    """A server process with a folder and a port of its own; it speaks Milvus' protocol and is no cluster."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"milvus://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "milvus_lite", "server", "--data-dir", str(self.folder / "data")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--host", "127.0.0.1", "--port", str(self.port)], stdout=log, stderr=log
            )
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return
            except OSError:
                assert self.process.poll() is None, (self.folder / "log").read_text(encoding="utf-8")
                time.sleep(0.1)
        raise AssertionError("the server did not come up")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(30)


@pytest.fixture(scope="session")
def milvus_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server shared by all tests."""
    server = MilvusServer(tmp_path_factory.mktemp("milvus"))
    yield server.url
    server.kill()


@pytest.fixture(scope="session")
def milvus_place(milvus_url: str) -> Iterator[MilvusPlace]:
    place = MilvusPlace(Address.parse(milvus_url))
    yield place
    place.close()


@pytest.fixture(scope="session", params=["local", "milvus"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Each place collections can be in."""
    if request.param == "local":
        return LocalPlace(tmp_path_factory.mktemp("places"))
    found: MilvusPlace = request.getfixturevalue("milvus_place")
    return found


def fresh_name() -> str:
    """A collection's name nobody has used."""
    return f"c-{next(_numbers)}"


@contextmanager
def new_index(place: Place) -> Iterator[PassageIndex]:
    """A new, empty index, deleted afterwards."""
    name = fresh_name()
    opened = place.open(name, FACTS)
    yield opened
    opened.close()
    place.delete(name)


@pytest.fixture
def index(place: Place) -> Iterator[PassageIndex]:
    """A new, empty index in each place."""
    with new_index(place) as opened:
        yield opened


@pytest.fixture
def filled(index: PassageIndex) -> PassageIndex:
    """The same with the passages of `backend_tools`."""
    index.upsert(PASSAGES, VECTORS)
    return index
