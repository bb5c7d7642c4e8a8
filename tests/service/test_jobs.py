"""Jobs over HTTP: the same code, in a process of its own or beside an open collection."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from index.errors import InvalidInput
from index.jobs import JobSpec
from index.jobs.permission import require_allowed
from service.app import create_app
from service.settings import Settings
from tests.conftest import write_lines
from tests.index.jobs.tools import line

ROWS = [line(n) for n in range(40)]


@pytest.fixture
def incoming(tmp_path: Path) -> Path:
    (tmp_path / "incoming").mkdir()
    return tmp_path / "incoming"


@pytest.fixture
def client(settings: Settings, incoming: Path) -> Iterator[TestClient]:
    allowed = settings.model_copy(update={"job_sources": [str(incoming)]})
    with TestClient(create_app(allowed), raise_server_exceptions=False) as opened:
        yield opened


def ended(client: TestClient, answer: Any) -> dict[str, Any]:
    """A job's last state."""
    assert answer.status_code == 202, answer.text
    for _ in range(600):
        state: dict[str, Any] = client.get(f"/jobs/{answer.json()['id']}").json()
        if state["status"] not in ("queued", "running"):
            return state
        time.sleep(0.1)
    raise AssertionError(state)


def test_a_job_runs_beside_and_moves_the_alias(client: TestClient, incoming: Path) -> None:
    file = write_lines(incoming / "a.jsonl", [*ROWS, {"id": "bad"}])
    state = ended(client, client.post("/jobs", json={"sources": [str(file)], "collection": "docs", "switch": True}))
    assert (state["status"], state["written"], state["rejected"]) == ("done", 40, 1), state
    assert state["by_language"]["th"] == {"read": 10, "written": 10, "skipped": 0, "rejected": 0}
    hits = client.post("/search", json={"query": "moon", "collection": "docs", "k": 3}).json()
    assert len(hits["hits"]) == 3 and hits["collection"] == state["version"]
    letters = client.get(f"/jobs/{state['id']}/rejected").text.splitlines()
    assert [json.loads(row)["line"] for row in letters] == [41]
    assert [job["id"] for job in client.get("/jobs").json()] == [state["id"]]
    assert client.delete(f"/collections/{state['version']}").status_code == 409


def test_a_job_fills_a_collection_the_service_has_open(client: TestClient, incoming: Path) -> None:
    client.put("/collections/docs")
    file = write_lines(incoming / "a.jsonl", list(ROWS))
    state = ended(client, client.post("/jobs", json={"sources": [str(file)], "collection": "docs"}))
    assert (state["status"], state["version"]) == ("done", "docs")
    assert client.get("/collections/docs").json()["passages"] == 40


def test_events_tell_a_job_to_its_end(client: TestClient, incoming: Path) -> None:
    client.put("/collections/docs")
    file = write_lines(incoming / "a.jsonl", list(ROWS))
    job = client.post("/jobs", json={"sources": [str(file)], "collection": "docs", "batch": 5}).json()
    with client.stream("GET", f"/jobs/{job['id']}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = [row for row in stream.iter_lines() if row]
    assert lines[-2] == "event: done" and json.loads(lines[-1].removeprefix("data: "))["written"] == 40


def test_a_job_is_stopped_goes_on_and_is_forgotten(client: TestClient, incoming: Path) -> None:
    client.put("/collections/docs")
    asked = {
        "sources": [str(write_lines(incoming / "a.jsonl", [line(n) for n in range(600)]))],
        "collection": "docs",
        "batch": 1,
    }
    answer = client.post("/jobs", json=asked)
    while client.get(f"/jobs/{answer.json()['id']}").json()["read"] == 0:
        time.sleep(0.02)
    assert client.delete(f"/jobs/{answer.json()['id']}").status_code == 200
    stopped = ended(client, answer)
    assert stopped["status"] == "stopped" and 0 < stopped["written"] < 600
    done = ended(client, client.post("/jobs", json=asked))
    assert (done["id"], done["status"], done["written"]) == (stopped["id"], "done", 600)
    assert client.delete(f"/jobs/{done['id']}").status_code == 200
    assert client.get(f"/jobs/{done['id']}").status_code == 404 and client.get("/jobs").json() == []


def test_a_failed_job_says_why(client: TestClient, incoming: Path) -> None:
    (incoming / "a.csv").write_bytes(b"id,body\n1,x\n")
    state = ended(client, client.post("/jobs", json={"sources": [str(incoming / "a.csv")], "collection": "docs"}))
    assert state["status"] == "failed" and "no column 'text'" in state["error"]


@pytest.mark.parametrize(
    ("asked", "status", "told"),
    [
        ({"sources": ["/etc/passwd"], "collection": "docs"}, 422, "ISOGLOT_JOB_SOURCES"),
        ({"sources": ["{incoming}/../x.jsonl"], "collection": "docs"}, 422, "ISOGLOT_JOB_SOURCES"),
        ({"sources": ["https://host/a.jsonl"], "collection": "docs"}, 422, "ISOGLOT_JOB_SOURCES"),
        ({"sources": ["-"], "collection": "docs"}, 422, "ISOGLOT_JOB_SOURCES"),
        ({"sources": ["{incoming}/none.jsonl"], "collection": "docs"}, 404, "no file"),
        ({"sources": ["{incoming}/a.jsonl"], "collection": "No"}, 422, "collection name"),
        ({"sources": ["{incoming}/a.jsonl"], "collection": "docs", "gate": "/etc/passwd"}, 422, "gate"),
        (
            {"sources": ["{incoming}/a.jsonl"], "collection": "docs", "gate": "/x", "switch": True},
            422,
            "ISOGLOT_JOB_SOURCES",
        ),
        ({"sources": ["{incoming}/a.jsonl"], "collection": "docs", "lang": "de"}, 422, "lang"),
        ({"sources": [], "collection": "docs"}, 422, "sources"),
    ],
)
def test_what_cannot_be_run_is_told(
    client: TestClient, incoming: Path, asked: dict[str, Any], status: int, told: str
) -> None:
    write_lines(incoming / "a.jsonl", list(ROWS))
    asked = {**asked, "sources": [name.replace("{incoming}", str(incoming)) for name in asked["sources"]]}
    answer = client.post("/jobs", json=asked)
    assert answer.status_code == status and told in answer.json()["message"], answer.text
    assert client.get("/jobs").json() == []


def test_jobs_that_are_none_are_told(client: TestClient) -> None:
    for path in (
        "/jobs/none",
        "/jobs/docs-0123456789ab",
        "/jobs/docs-0123456789ab/events",
        "/jobs/..%2F..%2Fcollections",
    ):
        assert client.get(path).status_code == 404
    assert client.delete("/jobs/none").status_code == 404


def test_beginnings_of_urls_end_at_a_slash() -> None:
    allowed = ["s3://docs", "hf:own/", "https://host/a/"]
    for name in ("s3://docs/a.jsonl", "hf:own/set", "https://host/a/b.csv"):
        require_allowed(JobSpec(sources=[name], collection="c"), allowed)
    for name in ("s3://docs-of-others/a.jsonl", "hf:other/set", "https://host/a/../b.csv", "https://host.evil/a/x"):
        with pytest.raises(InvalidInput, match="may not be read"):
            require_allowed(JobSpec(sources=[name], collection="c"), allowed)
