from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import InvalidInput
from training.translation import endpoint
from training.translation.chat import read_batch
from training.translation.endpoint import EndpointEngine, EndpointFailed

Reply = tuple[int, dict[str, str], str]


class Server(ThreadingHTTPServer):
    """A chat server on this machine that spells texts backwards.

    scripted: what to do before answering properly; each entry makes one reply. answer: a batch's texts → its answer.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.scripted: list[Callable[[], Reply]] = []
        self.answer: Callable[[list[str]], str] = numbered
        self.finish_reason = "stop"
        self.asked: list[tuple[float, dict[str, Any], dict[str, str]]] = []
        self.seconds = 0.0
        self.open, self.most_open, self.lock = 0, 0, threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def reply(self, body: dict[str, Any]) -> Reply:
        with self.lock:
            if self.scripted:
                return self.scripted.pop(0)()
        content = body["messages"][1]["content"]
        try:
            made = self.answer([row["text"] for row in json.loads(content)["texts"]])
        except ValueError:
            made = f"  {content[::-1]}\n"
        choice = {"message": {"role": "assistant", "content": made}, "finish_reason": self.finish_reason}
        return 200, {}, json.dumps({"choices": [choice]})


def numbered(texts: list[str]) -> str:
    rows = [{"number": number, "text": text[::-1]} for number, text in enumerate(texts, start=1)]
    return "```json\n" + json.dumps({"translations": rows[::-1]}) + "\n```"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.asked.append((time.monotonic(), body, dict(self.headers)))
            self.server.open += 1
            self.server.most_open = max(self.server.most_open, self.server.open)
        time.sleep(self.server.seconds)
        status, headers, content = self.server.reply(body)
        with self.server.lock:
            self.server.open -= 1
        if self.path != "/v1/chat/completions":
            status, content = 404, "no such page"
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content.encode()))}.items():
            self.send_header(name, value)
        with suppress(ConnectionError):  # the caller may have left
            self.end_headers()
            self.wfile.write(content.encode())

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def engine(server: Server, **options: Any) -> EndpointEngine:
    return EndpointEngine(server.url, "tiny", **{"batch_size": 2, "first_wait_seconds": 0.01, **options})


def translated(made: EndpointEngine, texts: list[str]) -> list[str | None]:
    rows = [row for batch in made.translate(texts, "de") for row in batch]
    assert sorted(position for position, _ in rows) == list(range(len(texts))), "each position once"
    return [text for _, text in sorted(rows)]


TEXTS = ["one", "two", "three", "four", "five"]
BACKWARDS = [text[::-1] for text in TEXTS]


def test_batches_come_back_in_place_and_not_too_many_at_once(server: Server) -> None:
    server.seconds = 0.05
    assert translated(engine(server, concurrency=2, key="secret"), TEXTS * 4) == BACKWARDS * 4
    assert len(server.asked) == 10 and server.most_open == 2
    _, body, headers = server.asked[0]
    assert headers["Authorization"] == "Bearer secret" and body["model"] == "tiny" and body["temperature"] == 0
    assert "BCP 47 code de" in body["messages"][0]["content"] and "BCP 47 code en" in body["messages"][0]["content"]


def test_without_a_key_none_is_sent(server: Server) -> None:
    assert translated(engine(server), ["one"]) == ["eno"]
    assert "Authorization" not in server.asked[0][2]


def test_a_server_in_trouble_is_asked_again(server: Server) -> None:
    server.scripted = [
        lambda: (429, {"Retry-After": "1"}, "slow down"),
        lambda: (503, {}, "busy"),
        lambda: (500, {}, ""),
    ]
    assert translated(engine(server, concurrency=1), TEXTS[:2]) == BACKWARDS[:2]
    times = [moment for moment, _, _ in server.asked]
    assert len(times) == 4 and times[1] - times[0] >= 1.0, "it asked for a second"


def test_a_date_to_wait_for_is_understood() -> None:
    import httpx

    asked = endpoint._asked_wait(httpx.Response(429, headers={"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}))
    assert asked > 10**9
    assert endpoint._asked_wait(httpx.Response(429, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})) == 0
    assert endpoint._asked_wait(httpx.Response(429, headers={"Retry-After": "soon"})) == 0


def test_a_wait_of_hours_is_not_waited(server: Server) -> None:
    server.scripted = [lambda: (429, {"Retry-After": "7200"}, "quota")]
    with pytest.raises(EndpointFailed, match="asks to wait 7,200 seconds"):
        translated(engine(server), ["one"])


@pytest.mark.parametrize(
    "answer",
    [
        "I would rather not.",
        '{"translations": [{"number": 1, "text": "eno"}]}',
        '{"translations": [{"number": 1, "text": "x"}, {"number": 1, "text": "y"}]}',
        '{"translations": [{"number": 1, "text": "x"}, {"number": 3, "text": "y"}]}',
        '{"translations": [{"number": 1, "text": "x"}, {"number": 2, "text": null}]}',
        '{"translations": [{"number": 1, "text": "x"}, {"number": 2, "text": "\\ud800"}]}',
        '{"translations": {"1": "x"}}',
    ],
)
def test_a_malformed_answer_is_asked_for_again_text_by_text(server: Server, answer: str) -> None:
    server.answer = lambda texts: answer
    made = engine(server)
    assert translated(made, TEXTS[:2]) == BACKWARDS[:2]
    assert made.malformed == 1 and len(server.asked) == 3


def test_an_answer_cut_short_is_no_translation(server: Server) -> None:
    server.finish_reason = "length"
    assert translated(engine(server), TEXTS[:2]) == [None, None]


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ((401, {}, "who are you"), "401: 'who are you'.*ISOGLOT_TRANSLATION_KEY"),
        ((404, {}, "no"), "404.*often with /v1"),
        ((400, {}, "bad model"), "400: 'bad model'"),
        ((200, {}, "<html>"), "no chat completion"),
        ((200, {}, '{"choices": []}'), "no chat completion"),
    ],
)
def test_other_answers_end_the_job_at_once(server: Server, reply: Reply, told: str) -> None:
    server.scripted = [lambda: reply]
    with pytest.raises(EndpointFailed, match=told) as error:
        translated(engine(server, key="secret"), ["one"])
    assert len(server.asked) == 1 and "secret" not in error.value.message


def test_what_was_answered_before_a_failure_is_handed_over(server: Server) -> None:
    made, kept = engine(server, concurrency=1), []
    server.scripted = [lambda: server_reply(), lambda: (400, {}, "enough")]

    def server_reply() -> Reply:
        rows = json.dumps({"translations": [{"number": 1, "text": "eno"}, {"number": 2, "text": "owt"}]})
        return 200, {}, json.dumps({"choices": [{"message": {"content": rows}}]})

    with pytest.raises(EndpointFailed, match="enough"):
        for batch in made.translate(TEXTS[:4], "de"):
            kept += batch
    assert len(kept) == 2


def test_a_caller_that_stops_early_leaves_no_request_behind(server: Server) -> None:
    server.seconds = 0.1
    with closing(engine(server, concurrency=1).translate(TEXTS * 4, "de")) as batches:
        next(batches)
    time.sleep(0.3)
    assert len(server.asked) <= 2


def test_a_server_that_is_not_there_is_told(server: Server) -> None:
    nowhere = EndpointEngine("http://127.0.0.1:9/v1", "tiny", first_wait_seconds=0.001)
    with pytest.raises(EndpointFailed, match=r"cannot be reached \(ConnectError.*Given up after 6 tries"):
        translated(nowhere, ["one"])
    with pytest.raises(InvalidInput, match="http"):
        EndpointEngine("localhost:8000", "tiny")


def test_identity_follows_server_and_model(server: Server) -> None:
    names = {
        EndpointEngine(url, model).identity("de") for url in ("http://a/v1", "http://b/v1") for model in ("x", "y")
    }
    assert len(names) == 4 and "secret" not in engine(server, key="secret").identity("de")


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5), st.randoms())
def test_any_texts_survive_the_form_in_any_order(texts: list[str], random: Any) -> None:
    rows = [{"number": number, "text": text} for number, text in enumerate(texts, start=1)]
    random.shuffle(rows)
    answer = json.dumps({"translations": rows})
    assert read_batch(answer, len(texts)) == [text.strip() for text in texts]
    assert read_batch(answer, len(texts) + 1) is None
