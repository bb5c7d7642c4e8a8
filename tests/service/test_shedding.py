"""Refusals before the app, over real sockets."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest

from benchmarks.load import request_bytes
from service.admission import Admission
from service.limits import InFlight
from service.schemas import Problem
from tests.service.conftest import Serve
from tests.service.test_limits import slowed as slowed

QUERY = {"query": "moon", "k": 1}
_JSON = {"content-type": "application/json"}


@pytest.fixture
def shut(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A service that has no time for anything more."""
    monkeypatch.setattr(Admission, "refusal", lambda *_: 2.4)
    yield


def connected(url: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=20)


def read_answer(connection: socket.socket) -> tuple[bytes, bytes]:
    """Head and body of one answer."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += (part := connection.recv(1 << 16))
        assert part, received
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(1 << 16)
    assert len(body) == length, "nothing more than one answer"
    return head, body


@pytest.mark.usefixtures("shut")
def test_a_refusal_is_what_the_documentation_says(serve: Serve) -> None:
    with serve() as (url, _engine), httpx.Client(base_url=url) as client:
        for path in ("/search", "/embed", "/v1/embeddings"):
            for _ in range(2):  # by the parser, then without it
                answer = client.post(path, json=QUERY, headers={"x-request-id": "mine-1"})
                assert answer.status_code == 429 and answer.headers["content-type"] == "application/json"
                problem = Problem.model_validate_json(answer.content)
                assert problem.code == "overloaded" and "ISOGLOT_QUEUE_SECONDS" in problem.message
                assert answer.headers["retry-after"] == "3" == str(problem.detail["retry_after"])
                assert answer.headers["x-request-id"] == "mine-1" and answer.headers["date"]
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert "connection" not in answer.headers and "server" not in answer.headers
        told = client.get("/metrics").text
        assert 'isoglot_requests_total{method="POST",route="/search",status="429"} 2.0' in told
        assert 'isoglot_rejections_total{reason="overloaded"} 6.0' in told
        assert client.get("/health/live").status_code == client.get("/health/ready").status_code == 200
        assert client.get("/info").status_code == 200 and client.get("/search").status_code == 405


@pytest.mark.usefixtures("shut")
def test_it_has_the_headers_of_an_ordinary_refusal(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    origins = {"cors_origins": ["https://a.example"]}
    asked = {"json": QUERY, "headers": {"origin": "https://a.example"}}
    with serve(**origins) as (url, _):
        shed = httpx.post(f"{url}/search", **asked)
        stranger = httpx.post(f"{url}/search", json=QUERY, headers={"origin": "https://b.example"})
    monkeypatch.setattr(Admission, "refusal", lambda *_: None)
    monkeypatch.setattr(InFlight, "__init__", _full)
    with serve(**origins) as (url, _):
        ordinary = httpx.post(f"{url}/search", **asked)
    assert shed.status_code == ordinary.status_code == 429
    assert set(shed.headers) == set(ordinary.headers)
    assert "access-control-allow-origin" not in stranger.headers


def _full(limits: InFlight, app: object, limit: int) -> None:
    limits.app, limits.limit, limits.count = app, limit, limit  # type: ignore[assignment]


@pytest.mark.usefixtures("shut")
@pytest.mark.parametrize("size", [10, 70_000, 3_000_000])
def test_a_connection_is_kept_whatever_the_size_of_the_body(serve: Serve, size: int) -> None:
    with serve(max_body_bytes=10_000_000) as (url, _), httpx.Client(base_url=url) as client:
        stream = None
        for _ in range(3):
            answer = client.post("/embed", json={"texts": ["x" * size]})
            assert answer.status_code == 429
            stream = stream or answer.extensions["network_stream"]
            assert answer.extensions["network_stream"] is stream, "the same connection"
        chunked = client.post("/embed", content=iter([b"x" * 30_000] * 5))
        assert chunked.status_code == 429
        assert client.get("/health/live").extensions["network_stream"] is stream


@pytest.mark.usefixtures("shut")
def test_requests_in_pieces_and_one_after_the_other(serve: Serve) -> None:
    request = request_bytes("/embed", {"texts": ["moon"]})
    with serve() as (url, _), connected(url) as connection:
        for cut in (1, 3, 20, 60, len(request) - 3):
            connection.sendall(request[:cut])
            time.sleep(0.05)
            connection.sendall(request[cut:])
            assert read_answer(connection)[0].startswith(b"HTTP/1.1 429 ")
        connection.sendall(request + request_bytes("/health/live", method="GET") + request)
        received = b""
        while received.count(b"HTTP/1.1 ") < 3 or not received.endswith(b"}"):
            received += connection.recv(1 << 16)
        assert [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]] == [b"429", b"200", b"429"] or (
            # The last came before the one ahead of it was answered, so it went its ordinary way.
            [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]] == [b"429", b"200", b"200"]
        )


@pytest.mark.usefixtures("shut")
def test_connections_are_closed_where_they_must_be(serve: Serve) -> None:
    body = json.dumps({"texts": ["moon"]}).encode()
    head = b"POST /embed HTTP/1.%d\r\nhost: a\r\ncontent-length: %d\r\n%b\r\n"
    with serve() as (url, _):
        for minor, more, sent in (
            (0, b"", body),
            (1, b"connection: close\r\n", body),
            (1, b"expect: 100-continue\r\n", b""),
        ):
            with connected(url) as connection:
                connection.sendall(head % (minor, len(body), more) + sent)
                told, _ = read_answer(connection)
                assert told.startswith(b"HTTP/1.1 429 ") and b"connection: close" in told
                assert connection.recv(100) == b""


@pytest.mark.usefixtures("shut")
@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_curl_understands_it(serve: Serve) -> None:
    with serve(max_body_bytes=10_000_000) as (url, _):
        for size in (10, 2_000_000):  # for the greater curl asks first: Expect: 100-continue
            told = subprocess.run(
                ["curl", "-s", "-o", "-", "-w", "%{http_code}", "--data-binary", "@-", f"{url}/embed"],
                input=json.dumps({"texts": ["x" * size]}).encode(), capture_output=True, timeout=30, check=True,
            ).stdout  # fmt: skip
            assert told[-3:] == b"429" and json.loads(told[:-3])["code"] == "overloaded"


@pytest.mark.usefixtures("shut")
def test_who_sends_and_does_not_read_is_no_longer_read(serve: Serve) -> None:
    request = request_bytes("/embed", {"texts": ["moon"]})
    with serve(slow_client_seconds=1) as (url, _), connected(url) as connection:
        connection.settimeout(0.5)
        sent, began = 0, time.monotonic()
        with pytest.raises(OSError):
            while time.monotonic() - began < 45:
                sent += connection.send(request * 100)
        assert sent < 50_000_000
        assert httpx.get(f"{url}/health/live").status_code == 200


def test_overload_is_refused_and_what_is_accepted_is_answered_in_time(
    serve: Serve, slowed: object, caplog: pytest.LogCaptureFixture
) -> None:
    """Real load: the encoder takes 100 ms a batch, so that 16 clients ask more than can be done."""
    with serve(batch_tokens=1, max_texts=4, queue_seconds=0.5) as (url, _engine):
        httpx.post(f"{url}/embed", json={"texts": ["moon"]})
        slowed(0.1)  # type: ignore[operator]

        def client(_: int) -> list[int]:
            with httpx.Client(base_url=url, timeout=60) as opened:
                asked = {"json": {"texts": ["moon"]}, "headers": {"x-timeout-seconds": "2"}}
                return [opened.post("/embed", **asked).status_code for _ in range(20)]

        with ThreadPoolExecutor(16) as pool:
            answers = [pool.submit(client, number) for number in range(16)]
            time.sleep(1)
            assert httpx.get(f"{url}/health/live", timeout=30).status_code == 200
            assert "isoglot_rejections_total" in httpx.get(f"{url}/metrics", timeout=30).text
            statuses = [status for answer in answers for status in answer.result()]
        assert set(statuses) <= {200, 429, 503} and statuses.count(429) > 50 and statuses.count(200) > 10
        assert statuses.count(503) < statuses.count(200) / 4, "a busy machine may be late now and then"
        assert httpx.post(f"{url}/embed", json={"texts": ["moon"]}).status_code == 200
        time.sleep(1.1)
    told = [record for record in caplog.records if record.name == "isoglot.shedding"]
    assert 1 <= len(told) < 30, "a line a second at most"
    assert sum(record.count for record in told) == statuses.count(429)  # type: ignore[attr-defined]


def test_the_deadline_counts_from_when_the_request_was_read(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    app_call = InFlight.__call__

    async def late(limits: InFlight, *given: object) -> None:
        time.sleep(0.4)  # the loop is busy with others
        await app_call(limits, *given)  # type: ignore[arg-type]

    with serve() as (url, _):
        asked = {"json": {"texts": ["moon"]}, "headers": {"x-timeout-seconds": "0.3"}}
        assert httpx.post(f"{url}/embed", **asked).status_code == 200
        monkeypatch.setattr(InFlight, "__call__", late)
        answer = httpx.post(f"{url}/embed", **asked)
        assert (answer.status_code, answer.json()["code"]) == (503, "deadline_exceeded")


def test_what_went_wrong_or_away_is_no_longer_counted(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Admission] = []
    monkeypatch.setattr(Admission, "refusal", lambda admission, *_: seen.append(admission))
    with serve() as (url, _):
        assert httpx.post(f"{url}/embed", content=b"{", headers=_JSON).status_code == 400
        assert httpx.post(f"{url}/embed", json={"texts": []}).status_code == 422
        with connected(url) as connection:
            connection.sendall(b"POST /embed HTTP/1.1\r\nhost: a\r\ncontent-length: 90000\r\n\r\n{")
            time.sleep(0.2)
        assert httpx.post(f"{url}/embed", json={"texts": ["moon"]}).status_code == 200
        until = time.monotonic() + 10
        while seen[0].count and time.monotonic() < until:
            time.sleep(0.05)
    assert len(seen) == 4 and (seen[0].count, seen[0].weight) == (0, 0)
