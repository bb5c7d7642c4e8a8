from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from index.errors import InvalidInput, MalformedLine, NotFound
from training.groups import Group, read_groups, write_groups
from training.sources import data_files, read_source

GROUP = Group("tides-1", {"de": "Warum?", "th": "ทำไม"}, {"en": "Because."}, "demo")


def test_groups_survive_a_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "groups.jsonl"
    assert write_groups([GROUP, GROUP], path) == 2
    assert list(read_groups(path)) == [GROUP, GROUP]


def test_negatives_survive_a_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "groups.jsonl"
    mined = replace(GROUP, negatives={"en": ["Not because.", "Nor that."]})
    write_groups([mined], path)
    assert list(read_groups(path)) == [mined]


def test_parquet_groups_read_like_json_ones(tmp_path: Path) -> None:
    texts = pa.map_(pa.string(), pa.string())
    schema = pa.schema([("id", pa.string()), ("questions", texts), ("passages", texts), ("source", pa.string())])
    row = {
        "id": GROUP.id,
        "questions": list(GROUP.questions.items()),
        "passages": list(GROUP.passages.items()),
        "source": "demo",
    }
    parquet.write_table(pa.Table.from_pylist([row], schema=schema), tmp_path / "groups.parquet")
    assert list(read_groups(tmp_path / "groups.parquet")) == [GROUP]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"id": "a"}', "questions"),
        ('{"id": "a", "questions": {"de": ""}, "passages": {"de": "x"}}', "no text for language 'de'"),
        ('{"id": "a", "questions": {"german": "x"}, "passages": {"de": "x"}}', "BCP 47"),
        ('{"id": "a", "questions": "x", "passages": {"de": "x"}}', "must map"),
        ('{"id": "a", "questions": {"de": "x"}, "passages": {"de": "x"}, "negatives": {"de": "y"}}', "list of texts"),
        ("[1]", "not a JSON object"),
        ("{", "line 2"),
    ],
)
def test_a_bad_line_is_told_by_number(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "groups.jsonl"
    write_groups([GROUP], path)
    path.write_text(path.read_text(encoding="utf-8") + line, encoding="utf-8")
    with pytest.raises(MalformedLine, match=told) as error:
        list(read_groups(path))
    assert error.value.detail["line"] == 2


def test_missing_files_and_unknown_sources_are_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        list(read_groups(tmp_path / "none.jsonl"))
    with pytest.raises(NotFound, match="qa.parquet"):
        list(read_source(tmp_path, "qa"))
    with pytest.raises(InvalidInput, match="no source"):
        list(read_source(tmp_path, "novels"))


def test_tables_become_groups(data: Path) -> None:
    parallel = list(read_source(data, "parallel/news", ["de", "en"]))
    assert {"de", "en"} == set(parallel[0].questions) and parallel[0].questions == parallel[0].passages
    assert {group.source for group in parallel} == {"parallel/news"}
    asked = next(iter(read_source(data, "qa")))
    assert asked.passages["de"] == "Antwortsatz 0 mond.", "the sentence with the answer where it is known"
    lexicon = next(iter(read_source(data, "lexicon")))
    assert lexicon.questions["en"] == "moon0" and lexicon.passages["en"] == "luna0"
    assert next(iter(read_source(data, "glosses"))).passages == {"en": "it shines at night 0"}
    headings = {group.questions["de"] for group in read_source(data, "sections")}
    assert "Überblick" not in headings, "a heading over many sections identifies none"
    assert [path.name for path in data_files(data, ["lexicon", "glosses", "qa"])] == ["lexicon.parquet", "qa.parquet"]
