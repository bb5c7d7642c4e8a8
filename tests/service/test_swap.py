"""The encoder of a collection changed while it is searched and written to, over a real socket."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from index.collection import Collection
from index.encoder import Encoder
from index.errors import CollectionMoved
from index.jobs.changeover import _Changeover
from service.engine import Engine
from tests.conftest import make_encoder
from tests.index.jobs.tools import line
from tests.service.conftest import Serve

ROWS = [line(n) for n in range(400)]


@pytest.fixture
def second(tmp_path: Path) -> Path:
    """A folder of encoders with one, whose vectors have another length."""
    make_encoder(tmp_path / "encoders" / "second", seed=1, name="second", dimension=24)
    return tmp_path / "encoders"


@pytest.fixture
def opened(serve: Serve, second: Path) -> Iterator[tuple[httpx.Client, Engine]]:
    """A service with 400 passages in `docs`, and a client of it."""
    with ExitStack() as stack:
        url, engine = stack.enter_context(serve(encoders=[str(second)], max_body_bytes=10_000_000))
        client = stack.enter_context(httpx.Client(base_url=url, timeout=60))
        client.put("/collections/docs").raise_for_status()
        client.post("/collections/docs/passages", json=ROWS).raise_for_status()
        yield client, engine


def start(client: httpx.Client, encoder: str = "second", **given: Any) -> httpx.Response:
    return client.post("/jobs", json={"kind": "reencode", "collection": "docs", "encoder": encoder, **given})


def ended(client: httpx.Client, answer: httpx.Response) -> dict[str, Any]:
    """The job's last state."""
    assert answer.status_code == 202, answer.text
    for _ in range(1200):
        state: dict[str, Any] = client.get(f"/jobs/{answer.json()['id']}").json()
        if state["status"] not in ("queued", "running"):
            return state
        time.sleep(0.05)
    raise AssertionError(state)


def vectors(engine: Engine, name: str = "docs") -> dict[str, Any]:
    blocks = engine.collection(name).index.scan()
    return {p.id: (p, v) for block in blocks for p, v in zip(block.passages, block.vectors, strict=True)}


class Busy:
    """Threads that do something again and again until the end; whatever is wrong is kept."""

    def __init__(self, *what: Callable[[int], None]) -> None:
        self.stop, self.faults = threading.Event(), list[BaseException]()
        self.done = [0] * len(what)
        self._threads = [threading.Thread(target=self._run, args=pair) for pair in enumerate(what)]

    def _run(self, place: int, work: Callable[[int], None]) -> None:
        for number in itertools.count():
            if self.stop.is_set():
                return
            try:
                work(number)
            except BaseException as fault:
                self.faults.append(fault)
                return
            self.done[place] = number + 1

    def __enter__(self) -> Busy:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self._threads:
            thread.join(30)


def test_an_encoder_is_changed_under_load_without_one_failed_request(opened: tuple[httpx.Client, Engine]) -> None:
    client, engine = opened
    seen: list[str] = []
    kept: dict[str, str] = {row["id"]: row["text"] for row in ROWS}
    url = client.base_url

    def search(number: int) -> None:
        answer = httpx.post(f"{url}/search", json={"query": "moon", "collection": "docs", "k": 5}, timeout=60)
        assert answer.status_code == 200 and len(answer.json()["hits"]) == 5, answer.text
        seen.append(answer.json()["collection"])

    def write(number: int) -> None:
        row = line(number % 500, text=f"bread {number}")
        answer = httpx.post(f"{url}/collections/docs/passages", json=[row], timeout=60)
        assert answer.status_code == 200 and answer.json()["stored"] == 1, answer.text
        kept[row["id"]] = row["text"]

    def delete(number: int) -> None:
        identity = f"x{number}"
        row = {"id": identity, "text": "yeast", "language": "en"}
        assert httpx.post(f"{url}/collections/docs/passages", json=[row], timeout=60).status_code == 200
        assert httpx.delete(f"{url}/collections/docs/passages/{identity}", timeout=60).status_code == 200

    with Busy(search, search, write, delete) as busy:
        state = ended(client, start(client, batch=16))
        last, until = busy.done[0], time.monotonic() + 20
        while busy.done[0] < last + 5 and not busy.faults and time.monotonic() < until:
            time.sleep(0.05)
    assert not busy.faults, busy.faults
    assert state["status"] == "done" and state["written"] >= 400, state
    assert (state["kind"], state["encoder"], state["fraction"]) == ("reencode", "second", 1.0)
    assert min(busy.done) > 0 and seen[0] == "docs" and seen[-1] == state["version"]
    assert sorted(seen, key=lambda name: name != "docs") == seen, "never back to the old one"
    found, encoder = vectors(engine), Encoder(engine.encoders.named("second").folder)
    assert {identity: passage.text for identity, (passage, _) in found.items()} == kept
    for passage, vector in list(found.values())[::20]:
        assert np.allclose(vector, encoder.encode([passage.searchable], "passage")[0], atol=1e-6)


def test_all_doors_use_the_collection_s_encoder_afterwards(opened: tuple[httpx.Client, Engine]) -> None:
    client, _ = opened
    state = ended(client, start(client))
    assert (state["status"], state["read"]) == ("done", 400)
    shown = client.get("/collections/docs").json()
    assert (shown["encoder"], shown["dimension"], shown["passages"]) == ("second", 24, 400)
    embedded = client.post("/embed", json={"texts": ["moon"], "collection": "docs"}).json()
    assert (embedded["encoder"], embedded["dimension"]) == ("second", 24)
    assert client.post("/embed", json={"texts": ["moon"]}).json()["encoder"] == "tiny"
    assert len(client.post("/embed", json={"inputs": "moon", "collection": "docs"}).json()[0]) == 24
    openai = client.post("/v1/embeddings", json={"input": "moon", "model": "second"}).json()
    assert openai["model"] == "second" and len(openai["data"][0]["embedding"]) == 24
    assert {model["id"] for model in client.get("/v1/models").json()["data"]} == {"tiny", "second"}
    assert [encoder["name"] for encoder in client.get("/info").json()["encoders"]] == ["tiny", "second"]
    new = {"id": "new", "text": "heart blood", "language": "en"}
    assert client.post("/collections/docs/passages", json=[new]).json()["stored"] == 1
    hits = client.post("/search", json={"query": "heart blood", "collection": "docs", "k": 1}).json()["hits"]
    assert hits[0]["id"] == "new" and hits[0]["score"] == pytest.approx(1, abs=1e-5)
    assert client.post("/search", json={"query": "moon"}).json()["collection"] == "demo"
    assert client.get("/health/ready").status_code == 200
    assert 'isoglot_queue_texts{encoder="second",kind="query"}' in client.get("/metrics").text


def test_the_old_version_stays_and_can_be_gone_back_to(opened: tuple[httpx.Client, Engine]) -> None:
    client, engine = opened
    before = vectors(engine)
    state = ended(client, start(client))
    aside = f"docs-{engine.encoder.fingerprint[:12]}"
    until = time.monotonic() + 30
    while aside not in client.get("/collections").json() and time.monotonic() < until:
        time.sleep(0.1)
    assert {aside, state["version"]} <= set(client.get("/collections").json())
    engine.catalog.place.history.roll_back("docs")  # type: ignore[attr-defined]
    assert client.get("/collections/docs").json()["encoder"] == "tiny"
    assert client.post("/search", json={"query": "moon", "collection": "docs"}).json()["collection"] == aside
    assert {identity: passage for identity, (passage, _) in vectors(engine).items()} == {
        identity: passage for identity, (passage, _) in before.items()
    }


def test_a_service_that_starts_anew_finds_each_collection_s_encoder(
    serve: Serve, second: Path, encoder_folder: Path
) -> None:
    with serve(encoders=[str(second)], max_body_bytes=10_000_000) as (url, _), httpx.Client(base_url=url) as client:
        client.put("/collections/docs")
        client.post("/collections/docs/passages", json=ROWS)
        assert ended(client, start(client))["status"] == "done"
    with serve(encoders=[str(second)]) as (url, engine):
        assert httpx.post(f"{url}/search", json={"query": "moon", "collection": "docs"}).status_code == 200
        assert engine.collection("docs").encoder.name == "second" and engine.collection().encoder.name == "tiny"
    with serve() as (url, _):  # which may not load it
        answer = httpx.post(f"{url}/search", json={"query": "moon", "collection": "docs"}).json()
        assert answer["code"] == "encoder_mismatch" and "ISOGLOT_ENCODERS" in answer["message"]


def test_a_collection_whose_encoder_is_gone_is_saved_by_it(
    serve: Serve, second: Path, opened: tuple[httpx.Client, Engine], tmp_path: Path
) -> None:
    _, engine = opened
    data = tmp_path / "copy"
    engine.collection("docs").index.snapshot(data / "collections" / "docs")  # type: ignore[attr-defined]
    with ExitStack() as stack:
        url, _ = stack.enter_context(serve(data=data, encoder=str(second / "second"), encoders=[]))
        later = stack.enter_context(httpx.Client(base_url=url, timeout=60))
        search = {"query": "moon", "collection": "docs"}
        assert "isoglot index reencode docs" in later.post("/search", json=search).json()["message"]
        assert ended(later, start(later, str(second / "second")))["status"] == "done"
        assert later.post("/search", json=search).status_code == 200


@pytest.mark.parametrize(
    ("given", "status", "told"),
    [
        ({"encoder": "/etc"}, 404, "ISOGLOT_ENCODERS"),
        ({"encoder": "../encoders/second"}, 404, "ISOGLOT_ENCODERS"),
        ({"encoder": "organisation/model"}, 404, "ISOGLOT_ENCODERS"),
        ({"encoder": "tiny"}, 409, "already"),
        ({"collection": "none"}, 404, "no collection"),
        ({"encoder": None}, 422, "takes an encoder"),
        ({"sources": ["/srv/a.jsonl"]}, 422, "ISOGLOT_JOB_SOURCES"),
    ],
)
def test_what_cannot_be_is_told_at_once(
    opened: tuple[httpx.Client, Engine], encoder_folder: Path, given: dict[str, Any], status: int, told: str
) -> None:
    client, _ = opened
    if given.get("encoder") == "tiny":
        given = {"encoder": str(encoder_folder)}
    answer = client.post("/jobs", json={"kind": "reencode", "collection": "docs", "encoder": "second", **given})
    if "sources" in given:
        told = "no sources"
    assert answer.status_code == status and told in answer.json()["message"], answer.text
    assert client.get("/jobs").json() == []


def test_a_failed_changeover_leaves_the_old_version_in_place(
    opened: tuple[httpx.Client, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _ = opened

    def fails(*_: object) -> None:
        raise OSError("the disk is on fire")

    with monkeypatch.context() as patch:
        patch.setattr(_Changeover, "_take_over", fails)
        state = ended(client, start(client))
    assert state["status"] == "failed" and "on fire" in state["error"]
    assert client.get("/collections/docs").json()["encoder"] == "tiny"
    row = {"id": "late", "text": "heart", "language": "en"}
    assert client.post("/collections/docs/passages", json=[row]).json()["stored"] == 1, "writers are not held back"
    assert ended(client, start(client))["status"] == "done"
    assert client.get("/collections/docs").json()["passages"] == 401


def test_a_write_that_meets_the_change_is_made_again_with_the_new_encoder(
    opened: tuple[httpx.Client, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _ = opened
    whole, tries = Collection.upsert, []

    def upsert(self: Collection, *given: Any) -> Any:
        tries.append(self.name)
        if len(tries) == 1:
            raise CollectionMoved("moved")
        return whole(self, *given)

    monkeypatch.setattr(Collection, "upsert", upsert)
    row = {"id": "late", "text": "heart", "language": "en"}
    assert client.post("/collections/docs/passages", json=[row]).json()["stored"] == 1
    assert tries == ["docs", "docs"]
