"""Limits, slow and vanished clients, deadlines and shutting down, over real sockets."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
from fastapi.testclient import TestClient

from index.encoder import Encoder
from service.app import create_app
from service.settings import Settings
from tests.service.conftest import Serve

QUERY = {"query": "moon", "k": 1}


@pytest.fixture
def slowed(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Make every run of an encoder take longer."""
    run = Encoder.run

    def slow(seconds: float) -> None:
        def slower(encoder: Encoder, ids: list[list[int]]) -> np.ndarray:
            time.sleep(seconds)
            return run(encoder, ids)

        monkeypatch.setattr(Encoder, "run", slower)

    return slow


def wait_until(is_so: Callable[[], bool], seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_too_much_is_answered_429_and_health_answers(serve: Serve, slowed: Callable[[float], None]) -> None:
    with serve(max_requests=4) as (url, _engine):
        httpx.get(f"{url}/health/ready")
        slowed(0.3)
        with ThreadPoolExecutor(12) as pool:
            asked = [pool.submit(httpx.post, f"{url}/search", json=QUERY, timeout=30) for _ in range(12)]
            time.sleep(0.1)
            assert httpx.get(f"{url}/health/live").status_code == 200
            answers = [future.result() for future in asked]
        statuses = [answer.status_code for answer in answers]
        assert set(statuses) == {200, 429} and statuses.count(200) >= 4
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert refused.headers["retry-after"] and refused.json()["code"] == "overloaded"
        assert httpx.post(f"{url}/search", json=QUERY).status_code == 200
        assert 'isoglot_rejections_total{reason="overloaded"}' in httpx.get(f"{url}/metrics").text


def test_bodies_together_are_bounded_and_given_back(settings: Settings) -> None:
    with TestClient(create_app(settings.model_copy(update={"max_held_bytes": 20_000}))) as client:
        for _ in range(5):
            assert client.post("/search", json={**QUERY, "query": "moon " * 100}).status_code == 200
        refused = client.post("/search", content=b"x" * 30_000)
        assert (refused.status_code, refused.json()["code"]) == (429, "overloaded")
        assert client.post("/search", content=iter([b"x" * 15_000] * 2)).status_code == 429
        assert client.post("/search", json=QUERY).status_code == 200


def test_k_has_a_limit_of_its_own(settings: Settings) -> None:
    with TestClient(create_app(settings.model_copy(update={"max_hits": 5}))) as client:
        assert client.post("/search", json={"query": "moon", "k": 5}).status_code == 200
        assert "ISOGLOT_MAX_HITS" in client.post("/search", json={"query": "moon", "k": 6}).json()["message"]


def test_a_request_s_deadline_is_kept(serve: Serve, slowed: Callable[[float], None]) -> None:
    with serve() as (url, _):
        slowed(4)
        began = time.monotonic()
        answer = httpx.post(f"{url}/search", json=QUERY, headers={"x-timeout-seconds": "0.2"})
        assert (answer.status_code, answer.json()["code"]) == (503, "deadline_exceeded")
        assert time.monotonic() - began < 3.5 and answer.headers["retry-after"]
        assert httpx.post(f"{url}/search", json=QUERY, headers={"x-timeout-seconds": "-1"}).status_code == 422


def test_who_hangs_up_is_taken_out_of_the_queue(serve: Serve, slowed: Callable[[float], None]) -> None:
    with serve() as (url, engine):
        slowed(0.5)
        running = threading.Thread(target=httpx.post, args=(f"{url}/search",), kwargs={"json": QUERY, "timeout": 30})
        running.start()
        wait_until(lambda: engine.queue.waiting["query"] == 1)
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{url}/embed", json={"texts": ["bread", "yeast"], "kind": "query"}, timeout=0.1)
        wait_until(lambda: engine.queue.waiting["query"] == 0)
        running.join()
        text = httpx.get(f"{url}/metrics").text
        assert 'isoglot_tokens_total{kind="query"} 1.0' in text, "what nobody waits for is not run"


@pytest.mark.parametrize(
    "sent", [b"", b"POST /search HT", b"POST /search HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\n{"]
)
def test_a_client_that_sends_nothing_more_is_cut_off(serve: Serve, sent: bytes) -> None:
    with serve(slow_client_seconds=0.3) as (url, _):
        with socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=10) as connection:
            connection.sendall(sent)
            began = time.monotonic()
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(1000) == b""
            assert 0.2 < time.monotonic() - began < 5
        assert httpx.get(f"{url}/health/live").status_code == 200


def test_a_client_that_trickles_is_cut_off(serve: Serve) -> None:
    with (
        serve(slow_client_seconds=0.3) as (url, _),
        socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=10) as connection,
    ):
        connection.sendall(b"POST /search HTTP/1.1\r\nhost: x\r\ncontent-length: 5000\r\n\r\n")
        began = time.monotonic()
        with pytest.raises(OSError):
            while time.monotonic() - began < 8:
                connection.sendall(b" ")
                time.sleep(0.02)
        assert time.monotonic() - began < 5


def test_a_client_that_does_not_read_is_cut_off(serve: Serve) -> None:
    body = json.dumps({"query": ["moon"] * 30, "k": 576}).encode()
    head = b"POST /search HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    with serve(slow_client_seconds=0.5, max_texts=30) as (url, _), socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(20)
        connection.connect(("127.0.0.1", urlsplit(url).port or 0))
        connection.sendall(head % len(body) + body)
        answered = 'isoglot_requests_total{method="POST",route="/search",status="200"} 1.0'
        wait_until(lambda: answered in httpx.get(f"{url}/metrics", timeout=20).text, 30)
        time.sleep(1.5)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while part := connection.recv(1 << 20):
                received += part
    told = re.search(rb"content-length: (\d+)", received)
    assert told and len(received) < int(told[1])


def test_a_killed_worker_is_noticed_by_readiness(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise SystemExit

    with serve() as (url, _):
        assert httpx.get(f"{url}/health/ready").status_code == 200
        monkeypatch.setattr(Encoder, "run", killed)
        answer = httpx.post(f"{url}/search", json=QUERY)
        assert (answer.status_code, answer.json()["code"]) == (503, "worker_stopped")
        began = time.monotonic()
        ready = httpx.get(f"{url}/health/ready")
        assert ready.status_code == 503 and "Restart" in ready.json()["reason"] and time.monotonic() - began < 5
        assert httpx.get(f"{url}/health/live").status_code == 200


def test_readiness_tries_a_search_after_a_fault(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("no memory")

    with serve() as (url, _):
        assert httpx.get(f"{url}/health/ready").status_code == 200
        with monkeypatch.context() as patch:
            patch.setattr(Encoder, "run", broken)
            assert httpx.get(f"{url}/health/ready").status_code == 200, "nothing has failed yet"
            assert httpx.post(f"{url}/search", json=QUERY).status_code == 500
            assert httpx.get(f"{url}/health/ready").json()["reason"] == "The encoder failed; see the log."
        assert httpx.get(f"{url}/health/ready").status_code == 200


def test_stopping_finishes_what_was_accepted(tmp_path: Path, encoder_folder: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    code = (
        "import time; from index.encoder import Encoder; run = Encoder.run\n"
        "def slow(self, ids):\n    time.sleep(1)\n    return run(self, ids)\n"
        "from index.cli import main; import threading; threading.Timer(0.1, lambda: setattr(Encoder, 'run', slow)).start(); main()"
    )
    environment = {
        **os.environ,
        "ISOGLOT_ENCODER": str(encoder_folder),
        "ISOGLOT_DATA": str(tmp_path),
        "ISOGLOT_LOG_FORMAT": "json",
    }
    process = subprocess.Popen(
        [sys.executable, "-c", code, "serve", "--port", str(port)], env=environment, stderr=subprocess.PIPE, text=True
    )
    wait_until(lambda: _answers(port), 60)
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(httpx.post, f"http://127.0.0.1:{port}/search", json=QUERY, timeout=30) for _ in range(3)]
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        assert [future.result().status_code for future in asked] == [200, 200, 200]
    _, log = process.communicate(timeout=30)
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert sum(line.get("path") == "/search" and line.get("status") == 200 for line in lines) == 3
    assert not [line for line in lines if line["level"] in ("error", "critical")]


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=1) as answer:
            return answer.status == 200
    except OSError:
        return False
