from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from index.errors import Conflict, InvalidInput, MalformedLine, StorageUnavailable
from tests.training.adapters.conftest import Isoglot, Write
from training.adapters.prepare import cleaned, prepare
from training.adapters.tally import Tally
from training.groups import Group, read_groups, write_groups

GROUP = Group("tides", {"de": "Warum?", "th": "ทำไม"}, {"en": "Because.", "de": "Weil."}, "quiz", {"en": ["No."]})
OTHER = Group("bread", {"en": "How?"}, {"en": "With yeast."}, "quiz")


def test_texts_are_cleaned_and_counted() -> None:
    tally = Tally()
    spoilt = Group(
        "a",
        {"de": " Warum? ", "en": "", "th": "\ud800"},
        {"de": "Weil.", "en": "x\x00"},
        negatives={"de": ["Weil.", "Nein.", " Nein.", ""], "en": ["x" * 1_000_001]},
    )
    assert cleaned(spoilt, tally) == Group("a", {"de": "Warum?"}, {"de": "Weil."}, negatives={"de": ["Nein."]})
    assert tally.left_out == {
        "question that is blank or not valid Unicode": 2,
        "passage that is blank or not valid Unicode": 1,
        "negative that is blank or not valid Unicode": 1,
        "negative that repeats another or equals the passage": 2,
        "negative beyond a million characters": 1,
    }
    assert cleaned(replace(spoilt, passages={"de": "\n"}), tally) is None


def test_repeats_are_left_out_and_the_limit_kept(tmp_path: Path) -> None:
    tally = Tally()
    prepare([GROUP, replace(GROUP, id="again"), OTHER, replace(OTHER, id="c", source="d")], tmp_path / "a.jsonl", tally)
    assert list(read_groups(tmp_path / "a.jsonl")) == [GROUP, OTHER]
    assert tally.left_out == {"repeat of a question with its passage": 2}
    assert tally.groups == 2 and tally.texts == {"de": 2, "en": 3, "th": 1}
    prepare([GROUP, OTHER], tmp_path / "deep" / "b.jsonl", Tally(), limit=1)
    assert list(read_groups(tmp_path / "deep" / "b.jsonl")) == [GROUP]


def test_nothing_is_left_behind_by_a_failure(tmp_path: Path) -> None:
    def broken() -> Iterator[Group]:
        yield GROUP
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(broken(), tmp_path / "a.jsonl", Tally())
    with pytest.raises(InvalidInput, match="No group came out"):
        prepare([], tmp_path / "a.jsonl", Tally())
    with pytest.raises(Conflict, match="id 'tides'"):
        prepare([GROUP, replace(OTHER, id="tides")], tmp_path / "a.jsonl", Tally())
    assert list(tmp_path.iterdir()) == []


def test_an_out_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("kept", encoding="utf-8")
    with pytest.raises(Conflict, match="exists already"):
        prepare([GROUP], tmp_path / "a.jsonl", Tally())
    assert (tmp_path / "a.jsonl").read_text(encoding="utf-8") == "kept"
    with pytest.raises(InvalidInput, match=r"ends in \.jsonl, not 'a\.csv'"):
        prepare([GROUP], tmp_path / "a.csv", Tally())
    with pytest.raises(InvalidInput, match="--limit must be 1 or more"):
        prepare([GROUP], tmp_path / "b.jsonl", Tally(), limit=0)
    with pytest.raises(StorageUnavailable, match="cannot be written"):
        prepare([GROUP], tmp_path / "a.jsonl" / "b.jsonl", Tally())


def test_merge_joins_filters_and_refuses_an_id_twice(isoglot: Isoglot, tmp_path: Path) -> None:
    write_groups([GROUP], tmp_path / "a.jsonl")
    texts = pa.map_(pa.string(), pa.string())
    schema = pa.schema([("id", pa.string()), ("questions", texts), ("passages", texts), ("source", pa.string())])
    row = {"id": "bread", "questions": [("en", "How?")], "passages": [("en", "With yeast.")], "source": "quiz"}
    parquet.write_table(pa.Table.from_pylist([row], schema=schema), tmp_path / "b.parquet")
    files = [tmp_path / "a.jsonl", tmp_path / "b.parquet"]
    assert isoglot("merge", *files)[0] == [GROUP, OTHER]
    groups, said = isoglot("merge", *files, "--languages", "de,th", "--source", "mine", out="de.jsonl")
    assert groups == [
        Group("tides", {"de": "Warum?", "th": "ทำไม"}, {"de": "Weil."}, "mine"),
    ]
    assert "1 × group without a question or passage in the languages named" in said
    write_groups([replace(OTHER, id="tides")], tmp_path / "c.jsonl")
    with pytest.raises(Conflict, match=r"'tides' stands in .*a\.jsonl and again in .*c\.jsonl"):
        isoglot("merge", tmp_path / "a.jsonl", tmp_path / "c.jsonl", out="twice.jsonl")


def test_merge_checks_its_files(isoglot: Isoglot, write: Write) -> None:
    with pytest.raises(MalformedLine, match="line 2"):
        isoglot("merge", write("bad.jsonl", [GROUP.as_json(), {"id": "x"}]))
