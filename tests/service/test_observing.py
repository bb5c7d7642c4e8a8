"""Metrics, logs with request ids, traces."""

from __future__ import annotations

import http.server
import io
import json
import logging
import re
import sys
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from index.bias import language_shares
from index.errors import InvalidInput
from service.app import create_app
from service.logs import configure_logging
from service.metrics import Metrics
from service.settings import Settings
from service.tracing import open_tracer


def samples(client: TestClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    found = {}
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            found[sample.name, tuple(sorted(sample.labels.items()))] = sample.value
    return found


def test_metrics_count_what_happened(client: TestClient) -> None:
    client.post("/search", json={"query": "Wie entstehen die Gezeiten im Meer?", "k": 6})
    client.post("/search", json={"query": "moon", "k": 5, "languages": ["de"]})
    client.post("/embed", json={"texts": ["moon tide"]})
    client.post("/search", content=b"x" * 200_000)
    client.get("/nowhere")
    told = samples(client)
    route = (("method", "POST"), ("route", "/search"))
    assert told["isoglot_requests_total", (*route, ("status", "200"))] == 2
    assert told["isoglot_requests_total", (("method", "GET"), ("route", "other"), ("status", "404"))] == 1
    assert told["isoglot_rejections_total", (("reason", "too_large"),)] == 1
    assert told["isoglot_tokens_total", (("kind", "passage"),)] == 2
    assert told["isoglot_queue_texts", (("encoder", "tiny"), ("kind", "query"))] == 0
    assert told["isoglot_queue_wait_seconds_count", (("kind", "query"),)] == 2
    assert told["isoglot_batch_fill_count", ()] >= 3
    assert told["isoglot_request_seconds_count", (("route", "/search"),)] >= 2
    hits = {labels: value for (name, labels), value in told.items() if name == "isoglot_hits_total"}
    assert sum(value for labels, value in hits.items() if ("query_language", "de") in labels) == 6
    assert told["isoglot_search_seconds_count", (("query_language", "de"),)] == 1
    found, expected = ({labels: value for (name, labels), value in told.items() if name == f"isoglot_bias_{of}_total"}
                       for of in ("hits", "expected_hits"))  # fmt: skip
    assert found.keys() == expected.keys() and len(found) == 12, "languages without hits too, or they have no quotient"
    assert sum(found.values()) == 6 and sum(expected.values()) == pytest.approx(6, abs=0.01), "one search of several"
    assert list(expected.values()) == [pytest.approx(0.5, abs=0.001)] * 12
    assert told["process_resident_memory_bytes", ()] > 1_000_000


def test_languages_beyond_a_number_share_a_series(client: TestClient) -> None:
    metrics = client.app.state.engine.metrics  # type: ignore[attr-defined]
    metrics._languages = {str(number) for number in range(199)}
    assert [metrics._language(code) for code in ("de", "th", "de")] == ["de", "other", "de"]


def test_small_languages_of_a_large_pool_share_a_series() -> None:
    metrics = Metrics()
    pool = {f"q{chr(97 + n // 26)}{chr(97 + n % 26)}": 100 for n in range(48)} | {"de": 500, "th": 1, "en": 2}
    hits = [SimpleNamespace(passage=SimpleNamespace(language=code)) for code in ("th", "en", "de")]
    answer = SimpleNamespace(
        query_language=SimpleNamespace(code="de"), hits=hits, shares=language_shares(["th", "en", "de"], pool)
    )
    for _ in range(2):
        metrics.searched(answer, 0.001)  # type: ignore[arg-type]
    told = dict(
        re.findall(
            r'isoglot_bias_hits_total\{hit_language="(\w+)",query_language="de"\} (\S+)', metrics.text().decode()
        )
    )
    assert len(told) == 51 and {code: told[code] for code in ("de", "other", "qaa")} == {
        "de": "2.0",
        "other": "2.0",
        "qaa": "0.0",
    }
    assert "en" in told


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr(sys, "stderr", stream)
    configure_logging("info", "json")
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(log: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_each_request_has_an_id_and_a_line(client: TestClient, log: io.StringIO) -> None:
    given = client.post("/search", json={"query": "moon"}, headers={"x-request-id": "abc-1"})
    made = client.get("/nowhere", headers={"x-request-id": "no good\\n"})
    assert given.headers["x-request-id"] == "abc-1" and len(made.headers["x-request-id"]) == 16
    first, second = (line for line in lines(log) if line["event"] == "request")
    assert (first["request_id"], first["path"], first["status"], first["level"]) == ("abc-1", "/search", 200, "info")
    assert second["request_id"] == made.headers["x-request-id"]
    assert "moon" not in log.getvalue(), "texts are not logged unless asked for"


def test_texts_are_logged_when_asked_for(settings: Settings, log: io.StringIO) -> None:
    with TestClient(create_app(settings.model_copy(update={"log_texts": True}))) as client:
        client.post("/search", json={"query": "น้ำ"})
    assert lines(log)[-1]["texts"] == ["น้ำ"]


def test_json_lines_hold_no_colours(log: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").info("Started process [%d]", 7, extra={"color_message": "Started \x1b[36m%d"})
    (line,) = lines(log)
    assert line["event"] == "Started process [7]" and "color_message" not in line


@pytest.mark.usefixtures("log")
def test_the_console_form_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("warning", "console")
    logging.getLogger("isoglot").warning("a word", extra={"n": 1})
    written = capsys.readouterr().err
    assert "a word" in written and not written.startswith("{")


def test_traces_go_to_the_endpoint_and_on_from_the_caller_s(settings: Settings) -> None:
    received = list[bytes]()

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{server.server_port}"
        with TestClient(create_app(settings.model_copy(update={"otel_endpoint": endpoint}))) as client:
            trace = "0af7651916cd43dd8448eb211c80319c"
            client.post("/search", json={"query": "moon"}, headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
        server.shutdown()
    request = ExportTraceServiceRequest.FromString(b"".join(received))
    spans = [span for block in request.resource_spans for scope in block.scope_spans for span in scope.spans]
    assert {span.name for span in spans} >= {"POST /search", "encode", "search"}
    assert {span.trace_id.hex() for span in spans if span.name in ("POST /search", "encode", "search")} == {trace}


def test_traces_without_the_extra_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(InvalidInput, match=r"make install-all, or .*\[cpu,otel\]"):
        open_tracer("http://127.0.0.1:4318")
    assert open_tracer(None).span("x") is not None
