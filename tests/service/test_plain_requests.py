"""Requests recognised without a parser: only those the parser reads in the same way."""

from __future__ import annotations

import httptools
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from benchmarks.load import request_bytes
from service.plain_requests import PlainRequests

PLAIN = PlainRequests(["/embed", "/search"])
WHOLE = b"POST /embed HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nX-Timeout-Seconds: 2\r\n\r\n{}"


class Parsed:
    """What httptools makes of some bytes."""

    def __init__(self, data: bytes) -> None:
        self.url, self.body, self.headers = b"", b"", dict[bytes, bytes]()
        self.complete, self.fault = 0, ""
        self.parser = httptools.HttpRequestParser(self)
        try:
            self.parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self.fault = repr(error)

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.lower()] = value

    def on_message_complete(self) -> None:
        self.complete += 1


def test_a_plain_request_is_recognised() -> None:
    read = PLAIN.read(WHOLE)
    assert read == (b"/embed", {b"host": b"a", b"content-length": b"2", b"x-timeout-seconds": b"2"})
    assert PLAIN.read(request_bytes("/search", {"query": "Mond und Gezeiten", "k": 3}, authorization="Bearer x"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"POST", b"GET"),
        (b"/embed", b"/embed?a=b"),
        (b"/embed", b"/info"),
        (b"HTTP/1.1", b"HTTP/1.0"),
        (b"{}", b"{"),
        (b"{}", b"{}POST /embed HTTP/1.1\r\n"),
        (b"Content-Length: 2", b"Content-Length: 2\r\nContent-Length: 2"),
        (b"Content-Length: 2", b"Content-Length : 2"),
        (b"Content-Length: 2", b"Content-Length: +2"),
        (b"Content-Length: 2", b"Transfer-Encoding: chunked"),
        (b"Content-Length: 2", b"Content-Length: 2\r\nTransfer-Encoding: chunked"),
        (b"Content-Length: 2", b"Content-Length: 2\r\nExpect: 100-continue"),
        (b"Content-Length: 2", b"Content-Length: 2\r\nConnection: close"),
        (b"Content-Length: 2", b"Content-Length: 2\r\n folded"),
        (b"Content-Length: 2", b"Content-Length: 2\nX: y"),
        (b"Content-Length: 2", b"X: a\nContent-Length: 2"),
        (b"Host: a\r\n", b""),
        (b"Host: a", b"Host: \x00"),
        (b"Host: a", b"H\xc3\xb6st: a"),
        (b"\r\n\r\n", b"\n\n"),
        (b"POST", b"\r\nPOST"),
    ],
)
def test_all_else_is_left_to_the_parser(old: bytes, new: bytes) -> None:
    assert PLAIN.read(WHOLE) and PLAIN.read(WHOLE.replace(old, new, 1)) is None


_PARTS = [
    b"POST", b"/embed", b"/search", b" ", b"HTTP/1.1", b"\r\n", b"\n", b"\r", b":", b": ", b"content-length: 2", b"2",
    b"Host: a", b"transfer-encoding: chunked", b"{}", b"\t", b"x: y", b"\xff", b"connection: close",
]  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 12), st.sampled_from(_PARTS)), max_size=3))
@example([])
def test_what_is_recognised_the_parser_reads_the_same(changes: list[tuple[int, int, bytes]]) -> None:
    data = WHOLE
    for at, cut, put in changes:
        data = data[:at] + put + data[at + cut :]
    read = PLAIN.read(data)
    if read is not None:
        parsed = Parsed(data)
        assert not parsed.fault and parsed.complete == 1
        assert parsed.parser.get_method() == b"POST" and parsed.parser.should_keep_alive()
        assert (parsed.url, parsed.headers) == read
