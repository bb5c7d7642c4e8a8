"""Lines, tables, Parquet, BEIR: every row read, in order, from any row on."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from index.errors import InvalidInput, NotFound
from index.readers import Columns, Row, Source, open_source
from index.readers import lines as lines_module
from index.readers.opening import SourceUnreachable

ROWS = [{"id": f"p{n}", "text": f"text {n} ไทย\nnext", "title": f"T{n}", "language": "de"} for n in range(2500)]


def zstd(body: bytes) -> bytes:
    return pa.compress(body, "zstd", asbytes=True)


def write(path: Path) -> Path:
    """The rows in the format the name says."""
    body = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
    table = io.StringIO()
    writer = csv.DictWriter(table, list(ROWS[0]), delimiter="\t" if ".tsv" in path.name else ",")
    writer.writeheader()
    writer.writerows(ROWS)
    if ".csv" in path.name or ".tsv" in path.name:
        body = b"\xef\xbb\xbf" + table.getvalue().encode()
    if path.name.endswith(".gz"):
        body = gzip.compress(body)
    if path.name.endswith(".zst"):  # in two frames, as appending to such a file makes
        half = len(body) // 2
        body = zstd(body[:half]) + zstd(body[half:])
    path.write_bytes(body)
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), path, row_group_size=700)
    if path.name == "beir":
        path.unlink()
        path.mkdir()
        renamed = [{"_id": row["id"], **{k: v for k, v in row.items() if k != "id"}, "url": "x"} for row in ROWS]
        (path / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in renamed), encoding="utf-8")
        (path / "queries.jsonl").write_text('{"_id": "q", "text": "x"}\n', encoding="utf-8")
    return path


def contents(source: Source, skip: int = 0) -> list[Any]:
    return [row.content for row in source.rows(skip)]


NAMES = [
    "a.jsonl", "a.jsonl.gz", "a.ndjson.zst", "a.csv", "a.csv.zst", "a.tsv", "a.tsv.gz", "a.parquet", "beir",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_format_gives_the_same_rows_from_any_row_on(tmp_path: Path, name: str) -> None:
    source = open_source(str(write(tmp_path / name)))
    assert contents(source) == ROWS
    for skip in (1, 699, 700, 1500, 2499, 2500, 9999):
        assert contents(source, skip) == ROWS[skip:]
    assert [row.number for row in source.rows(2400)] == [row.number for row in source.rows()][2400:]


@pytest.mark.parametrize("name", NAMES[:-1])
def test_progress_ends_at_the_size(tmp_path: Path, name: str) -> None:
    source = open_source(str(write(tmp_path / name)))
    at = [row.at for row in source.rows()]
    assert at == sorted(at) and at[-1] == source.size() == (tmp_path / name).stat().st_size
    stamp = source.stamp()
    with (tmp_path / name).open("ab") as file:
        file.write(b"\n")
    assert source.stamp() != stamp is not None


def faults(name: str, body: bytes, tmp_path: Path, columns: Columns | None = None) -> list[Row]:
    (tmp_path / name).write_bytes(body)
    return list(open_source(str(tmp_path / name), columns).rows())


def test_lines_that_cannot_be_read_are_told_and_the_rest_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines_module, "MAX_LINE_BYTES", 2000)
    monkeypatch.setattr(lines_module, "_SKIP_BYTES", 700)
    long = b'{"id": "long", "text": "' + b"a" * 9000 + b'"}'
    body = b"\n".join([b'\xef\xbb\xbf{"id": "a"}', b'{"id": "\xff"}', long, b"[]", b"", b'{"id": "z"}\r', b"[" * 1900])
    rows = faults("a.jsonl", body, tmp_path)
    assert [(row.number, row.content) for row in rows] == [
        (1, {"id": "a"}), (2, None), (3, None), (4, None), (6, {"id": "z"}), (7, None),
    ]  # fmt: skip
    told = {row.number: row.fault for row in rows}
    assert "UTF-8" in told[2] and f"{len(long) + 1:,} bytes" in told[3] and "not list" in told[4]
    assert all(len(row.excerpt) <= 200 for row in rows) and rows[2].excerpt.startswith('{"id": "long"')


def test_table_rows_that_do_not_fit_are_told(tmp_path: Path) -> None:
    body = b'id,text\n1,one\n2\n3,"a, ""b""\nc"\n\n4,\xe9\n'
    rows = faults("a.csv", body, tmp_path)
    assert [row.content for row in rows[:3:2]] == [{"id": "1", "text": "one"}, {"id": "3", "text": 'a, "b"\nc'}]
    assert rows[1].content is None and "2 columns" in rows[1].fault
    assert rows[3].content == {"id": "4", "text": "\udce9"}  # checking a passage refuses it


def test_columns_are_mapped_and_kept(tmp_path: Path) -> None:
    columns = Columns.parse(["text=body", "title=head"], ["year"], "th")
    expected = {"text": "b", "title": "h", "metadata": {"year": "1999"}, "language": "th"}
    row = faults("a.csv", b"body,head,year,other\nb,h,1999,x\n", tmp_path, columns)[0]
    assert row.content is not None
    identity = row.content.pop("id")
    assert row.content == expected and len(identity) == 24
    # Ids made of the content stay while it does.
    again = faults("b.csv", b"head,body,year\nh,b,2000\nh,c,2000\n", tmp_path, columns)
    assert [r.content["id"] == identity for r in again if r.content] == [True, False]
    line = faults("a.jsonl", b'{"id": "1", "body": "b", "year": 5, "metadata": {"a": 1}}', tmp_path, columns)[0]
    assert line.content == {"id": "1", "text": "b", "language": "th", "metadata": {"a": 1, "year": 5}}


@pytest.mark.parametrize("given", ["text", "text=", "body=text", "=x"])
def test_a_mapping_that_is_none_is_told(given: str) -> None:
    with pytest.raises(InvalidInput, match="FIELD=COLUMN"):
        Columns.parse([given])


def test_missing_columns_are_told_with_those_there(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["a"], "body": ["x"]}), tmp_path / "a.parquet")
    (tmp_path / "a.csv").write_bytes(b"id,body\na,x\n")
    for name in ("a.parquet", "a.csv"):
        with pytest.raises(InvalidInput, match="no column 'text'; it has 'id', 'body'"):
            list(open_source(str(tmp_path / name)).rows())


def test_parquet_types_become_json(tmp_path: Path) -> None:
    import datetime

    day = datetime.date(2026, 1, 2)
    table = pa.table({"id": [7], "text": ["x"], "metadata": [{"day": day, "n": [1.5]}], "score": [float("nan")]})
    pq.write_table(table, tmp_path / "a.parquet")
    row = next(iter(open_source(str(tmp_path / "a.parquet"), Columns(metadata=("score",))).rows()))
    assert row.content == {"id": "7", "text": "x", "metadata": {"day": "2026-01-02", "n": [1.5], "score": None}}


def test_files_cut_short_and_files_that_are_no_such_files_are_told(tmp_path: Path) -> None:
    for name in ("a.jsonl.gz", "a.jsonl.zst"):
        whole = write(tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
        with pytest.raises(SourceUnreachable, match=name):
            list(open_source(str(tmp_path / name)).rows())
        (tmp_path / name).write_bytes(b"plain text")
        with pytest.raises(SourceUnreachable, match=name):
            list(open_source(str(tmp_path / name)).rows())
    (tmp_path / "a.parquet").write_bytes(b"plain text")
    with pytest.raises(InvalidInput, match="no Parquet file"):
        list(open_source(str(tmp_path / "a.parquet")).rows())


def test_urls_are_read_through_fsspec(tmp_path: Path) -> None:
    import fsspec

    body = "".join(json.dumps(row) + "\n" for row in ROWS[:9]).encode()
    with fsspec.open("memory://bucket/a.jsonl.gz", "wb") as file:
        file.write(gzip.compress(body))
    source = open_source("memory://bucket/a.jsonl.gz")
    assert contents(source, 2) == ROWS[2:9] and source.size() and source.stamp()
    write(tmp_path / "a.parquet")
    assert contents(open_source(f"file://{tmp_path}/a.parquet"), 2490) == ROWS[2490:]
    with pytest.raises(NotFound):
        open_source("memory://bucket/none.jsonl").stamp()
    with pytest.raises(InvalidInput, match="cannot be opened"):
        open_source("nonsense://bucket/a.jsonl").stamp()


@pytest.mark.parametrize("name", ["none.jsonl", "data/none.csv", "no such"])
def test_names_of_nothing_are_told(name: str) -> None:
    with pytest.raises(NotFound, match="hf:"):
        open_source(name)


def test_a_missing_extra_is_told_with_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a.jsonl.zst")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InvalidInput, match=r"-e .\.\[cpu,jobs\]"):
        list(open_source(str(tmp_path / "a.jsonl.zst")).rows())
