from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import InvalidInput, MalformedLine, NotFound, TooLarge
from index.passages import Passage, parse_lines, read_passages, require_unique

ROW = {"id": "a", "text": "The moon pulls the sea.", "language": "en", "title": "Tides", "metadata": {"n": 1}}


def test_a_passage_is_read_and_its_language_detected() -> None:
    assert Passage.from_json(ROW) == Passage("a", "The moon pulls the sea.", "en", "Tides", {"n": 1})
    assert Passage.from_json({"id": "b", "text": "Der Mond zieht am Meer."}).language == "de"


@pytest.mark.parametrize(
    ("change", "kind", "told"),
    [
        ({"id": None}, InvalidInput, "'id'"),
        ({"id": ""}, InvalidInput, "passage id is empty"),
        ({"id": "x" * 10_000}, TooLarge, "10,000 characters"),
        ({"text": 7}, InvalidInput, "'text'"),
        ({"text": " "}, InvalidInput, "passage text is empty"),
        ({"text": "x" * 10_000_000}, TooLarge, "10,000,000 characters"),
        ({"language": "german"}, InvalidInput, "BCP 47"),
        ({"metadata": [1]}, InvalidInput, "metadata must be"),
        ({"metadata": {"x": float("nan")}}, InvalidInput, "JSON"),
        ({"metadata": {"x": "y" * 70_000}}, TooLarge, "metadata has"),
        ({"lang": "de"}, InvalidInput, "no field lang"),
    ],
)
def test_bad_fields_are_told(change: dict[str, Any], kind: type[InvalidInput], told: str) -> None:
    with pytest.raises(kind, match=told):
        Passage.from_json({**ROW, **change})


@pytest.mark.parametrize(
    "bad", [b"{", b"\xff\xfe", b'"text"', b"[" * 100_000, b'{"id": "x"}', b'{"id": "x", "text": "\\ud800"}']
)
def test_a_malformed_line_is_told_by_number(bad: bytes) -> None:
    good = json.dumps(ROW).encode()
    with pytest.raises(MalformedLine, match="Line 3") as error:
        list(parse_lines([good, b"", bad, good]))
    assert error.value.detail == {"line": 3}


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "passages.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(ROW).encode() + b"\r\n\r\n")
    assert [passage.id for passage in read_passages(path)] == ["a"]


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"none\.jsonl"):
        list(read_passages(tmp_path / "none.jsonl"))


def test_repeated_ids_are_told() -> None:
    with pytest.raises(InvalidInput, match="'b'"):
        require_unique(["a", "b", "c", "b"])


@given(st.binary(max_size=200))
def test_any_bytes_give_passages_or_a_clear_error(line: bytes) -> None:
    try:
        list(parse_lines([line]))
    except MalformedLine as error:
        assert error.message.startswith("Line 1: ")
