"""Dirty files: every good row is indexed, every bad one explained, whatever the format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from index.jobs import JobState
from index.settings import IndexSettings
from tests.index.jobs.tools import held, line, rejected, run

MIXED = "The tide of the moon. Der Mond und die Ebbe. Луна и море."
HUGE = "moon " * 10_000_000
"""50 MB."""


def test_every_bad_row_is_explained_and_every_good_one_indexed(settings: IndexSettings, tmp_path: Path) -> None:
    good = json.dumps(line(0)).encode()
    rows = [
        b"\xef\xbb\xbf" + good,
        json.dumps(line(1)).encode() + b"\r",
        b"",
        b"   ",
        b'{"id": "b1", "text": "caf\xe9"}',
        json.dumps(line(0, text="another")).encode(),
        b'{"id": "b2", "text": "   ", "language": "de"}',
        b'{"id": "b3", "text": 5}',
        b'{"id": 6, "text": "bread"}',
        b"[1, 2]",
        b'{"id": "b4", "text": "bread", "language": "german"}',
        b'{"id": "b5", "text": "bread", "topic": "x"}',
        b'{"id": "b6", "text": "' + HUGE.encode() + b'"}',
        b'{"id": "b7", "text": "\\ud800 moon"}',
        b"{}",
        json.dumps(line(2, text=MIXED), ensure_ascii=False).encode(),
        b'{"id": "b8", "text": "' + b"[" * 3 + b'", "metadata": {"a": NaN}}',
        json.dumps(line(3)).encode(),
    ]
    file = tmp_path / "dirty.jsonl"
    file.write_bytes(b"\n".join(rows))
    state = run(settings, file)
    assert set(held(settings)) == {"p0", "p1", "p2", "p3"} and held(settings)["p0"][0].text == line(0)["text"]
    reasons = explained(settings, state, file)
    assert list(reasons) == [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17]
    assert "UTF-8" in reasons[5] and "line 1, already" in reasons[6] and "blank" in reasons[7]
    assert (
        "50,000,0" in reasons[13]
        and "at most" in reasons[13]
        and "surrogate" in reasons[14]
        and "metadata" in reasons[17]
    )
    assert [row["language"] for row in rejected(settings, state) if row["line"] == 7] == ["de"]
    tally = state.tally
    assert (tally.read, tally.written.total(), tally.rejected.total()) == (16, 4, 12)


def test_a_dirty_table_is_no_worse(settings: IndexSettings, tmp_path: Path) -> None:
    rows = [
        b"\xef\xbb\xbfid,text,language,metadata\r",
        b'p0,tide moon,en,"{""n"": 1}"\r',
        b"",
        b"b1,caf\xe9,fr,",
        b"p0,another,en,",
        b'b2,"   ",de,',
        b"b3,one,en,{},five",
        b"b4," + HUGE.encode() + b",en,",
        b"b5,bread,en,5",
        b"b6,bread,german,",
        b",,,",
        b"b7,moon\x00,en,",
        f'p1,"{MIXED}\n",,'.encode(),
        b"p2,mond,de,",
    ]
    file = tmp_path / "dirty.csv"
    file.write_bytes(b"\n".join(rows))
    state = run(settings, file)
    found = {identity: passage for identity, (passage, _) in held(settings).items()}
    assert set(found) == {"p0", "p1", "p2"} and found["p0"].metadata == {"n": 1} and found["p1"].text == MIXED
    reasons = explained(settings, state, file)
    assert list(reasons) == [4, 5, 6, 7, 8, 9, 10, 11, 12]
    for number, told in {4: "UTF-8", 5: "line 2, already", 6: "blank", 7: "5 cells", 8: "field limit"}.items():
        assert told in reasons[number]
    for number, told in {9: "JSON object", 10: "BCP 47", 11: "'text'", 12: "NUL"}.items():
        assert told in reasons[number]
    assert (state.tally.read, state.tally.written.total(), state.tally.rejected.total()) == (12, 3, 9)


def test_a_dirty_parquet_is_no_worse(settings: IndexSettings, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"id": "p0", "text": "tide moon", "language": "en"},
        {"id": "p0", "text": "another", "language": "en"},
        {"id": "b1", "text": " ", "language": "de"},
        {"id": "b2", "text": None, "language": "de"},
        {"id": None, "text": "moon", "language": "en"},
        {"id": "b3", "text": HUGE, "language": "en"},
        {"id": "b4", "text": "moon", "language": "german"},
        {"id": "p1", "text": MIXED, "language": None},
    ]
    file = tmp_path / "dirty.parquet"
    pq.write_table(pa.Table.from_pylist(rows), file)
    state = run(settings, file)
    assert set(held(settings)) == {"p0", "p1"}
    reasons = explained(settings, state, file)
    assert list(reasons) == [2, 3, 4, 5, 6, 7] and "at most" in reasons[6] and "'id'" in reasons[5]


def explained(settings: IndexSettings, state: JobState, file: Path) -> dict[int, str]:
    """Line → reason, with all else there; and the file stays small, whatever the rows."""
    letters = rejected(settings, state)
    assert all(row["reason"] and row["language"] and row["source"] == str(file) for row in letters)
    assert (settings.data / "jobs" / state.id / "rejected.jsonl").stat().st_size < 20_000
    return {row["line"]: row["reason"] for row in letters}
