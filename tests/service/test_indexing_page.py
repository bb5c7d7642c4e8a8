"""Every command of docs/indexing.md, word for word, over small files of the names it uses."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import make_encoder, write_lines
from tests.index.jobs.tools import line

ROOT = Path(__file__).parent.parent.parent
BLOCKS = re.findall(r"```bash\n(.*?)```", (ROOT / "docs" / "indexing.md").read_text(encoding="utf-8"), re.DOTALL)
ELSEWHERE = {
    "hf:ORGANISATION": "asks the hub", "index build s3://": "asks a bucket", "pip install": "asks a package index",
    "reencode": "asks the hub; tests/index/jobs/test_reencoding.py", "--rollback": "takes that back; tests/index/test_aliases.py",
    "install-ray": "makes an environment", "RAY_ADDRESS": "asks a cluster; tests/ray runs it",
}  # fmt: skip

pytestmark = pytest.mark.skipif(not all(map(shutil.which, ("bash", "zcat", "curl"))), reason="bash, zcat or curl")


def commands(block: str) -> list[str]:
    """A block's commands, one an item; lines that end in a backslash go on."""
    return [row for row in block.replace("\\\n", " ").splitlines() if row.strip() and not row.startswith("#")]


def block_with(word: str) -> list[str]:
    return next(commands(block) for block in BLOCKS if word in block)


@pytest.fixture
def folder(tmp_path: Path, encoder_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place with the files the page names, and `isoglot` where a clone has it."""
    tools = tmp_path / ".venv" / "bin"
    tools.mkdir(parents=True)
    (tools / "isoglot").write_text(
        f'#!/bin/sh\nexec {sys.executable} -c "from index.cli import main; main()" "$@"\n', encoding="utf-8"
    )
    (tools / "isoglot").chmod(0o755)
    told = {"PYTHONPATH": str(ROOT), "ISOGLOT_THREADS": "1"}
    for name, value in {**told, "ISOGLOT_ENCODER": str(encoder_folder), "ISOGLOT_DATA": "data"}.items():
        monkeypatch.setenv(name, value)
    write_lines(tmp_path / "passages.jsonl", [line(n) for n in range(8)])
    table = [{"id": f"t{n}", "body": f"moon {n}", "language": "en", "year": str(2000 + n)} for n in range(6)]
    (tmp_path / "part-1.jsonl.zst").write_bytes(
        pa.compress("".join(json.dumps(row) + "\n" for row in table[:2]).encode(), "zstd", asbytes=True)
    )
    pq.write_table(pa.Table.from_pylist(table[2:4]), tmp_path / "more.parquet")
    rows = "".join(f"{row['id']},{row['body']},{row['language']},{row['year']}\n" for row in table[4:])
    (tmp_path / "table.csv").write_text(f"id,body,language,year\n{rows}", encoding="utf-8")
    (tmp_path / "handbook").mkdir()
    (tmp_path / "handbook" / "tides.md").write_text("# Tides\n\nThe moon makes the tide.\n", encoding="utf-8")
    (tmp_path / "dump.jsonl.gz").write_bytes(gzip.compress(json.dumps(line(20)).encode()))
    write_lines(tmp_path / "questions.jsonl", [{"query": "moon 5", "relevant": ["p1", "p5"], "language": "de"}])
    return tmp_path


def run(command: str, folder: Path) -> str:
    """Run a command in the folder; it must end well."""
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.timeout(900)
def test_sources_of_the_first_block_are_indexed(folder: Path) -> None:
    told = {}
    for command in block_with("part-*"):
        if not any(word in command for word in ELSEWHERE):
            told[command] = run(command, folder)
    assert len(told) == 5
    listed = told[".venv/bin/isoglot index jobs"]
    assert listed.count("done") == 4 and listed.count("docs-") == 3 and "handbook-" in listed
    written = [re.search(r"(\d+) written", said) for said in list(told.values())[:-1]]
    assert [int(found[1]) for found in written if found] == [8, 6, 1, 1]


@pytest.mark.timeout(900)
def test_versions_are_gated_switched_and_rolled_back(folder: Path) -> None:
    build, show, back, move = block_with("--switch --gate")
    first = f"news-{datetime.now(UTC).date().isoformat()}"
    assert f"points to '{first}'" in run(build, folder)
    write_lines(folder / "passages.jsonl", [line(n) for n in range(9)])
    assert "8 skipped" in run(build, folder)
    assert run(show, folder) == f"news → {first}-2   before: {first}\n"
    assert run(back, folder).startswith(f"news → {first}")
    assert run(move.replace("news-2026-11-20", f"{first}-2"), folder).startswith(f"news → {first}-2")


@pytest.mark.timeout(900)
def test_an_encoder_is_changed_and_changed_back(folder: Path) -> None:
    reencode, _, back = block_with("index reencode")
    run(next(command for command in block_with("part-*") if "passages.jsonl --" in command), folder)
    other = make_encoder(folder / "other", name="other", maximum_tokens=7)
    run(reencode.replace("intfloat/multilingual-e5-small", str(other)), folder)
    assert run(".venv/bin/isoglot index alias", folder).startswith("docs → docs-20")
    assert "docs" in run(back, folder)


@contextmanager
def served(command: str, folder: Path, port: int) -> Iterator[None]:
    service = subprocess.Popen(
        ["bash", "-c", command], cwd=folder, env={**os.environ, "ISOGLOT_PORT": str(port)}, start_new_session=True
    )
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready").close()
                break
            except urllib.error.URLError:
                assert service.poll() is None
                time.sleep(0.2)
        yield
    finally:
        os.killpg(service.pid, signal.SIGTERM)
        service.wait()


@pytest.mark.timeout(900)
def test_a_job_over_a_real_socket(folder: Path) -> None:
    serve, start, show, events, rejected, delete = block_with("ISOGLOT_JOB_SOURCES")
    (folder / "incoming").mkdir()
    write_lines(folder / "incoming" / "passages.jsonl", [*(line(n) for n in range(8)), {"id": "bad"}])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def here(command: str, job: str = "") -> str:
        """The command with this folder, port and job in place of the page's."""
        told = command.replace("/srv/incoming", str(folder / "incoming")).replace("localhost:8000", f"127.0.0.1:{port}")
        return told.replace("/jobs/JOB", f"/jobs/{job}")

    with served(here(serve), folder, port):
        job = json.loads(run(here(start), folder))["id"]
        told = run(here(events, job), folder)
        assert "event: done" in told and json.loads(told.rpartition("data: ")[2])["written"] == 8
        assert [row["id"] for row in json.loads(run(here(show), folder))] == [job]
        assert json.loads(run(here(rejected, job), folder))["line"] == 9
        asked = json.dumps({"query": "moon", "collection": "news"})
        found = run(f"curl -sf 127.0.0.1:{port}/search -H 'content-type: application/json' -d '{asked}'", folder)
        assert json.loads(found)["collection"].startswith("news-20")
        elsewhere = here(start).replace(str(folder / "incoming"), "/etc")
        assert "ISOGLOT_JOB_SOURCES" in json.loads(run(elsewhere, folder))["message"]
        assert json.loads(run(here(start), folder))["id"] == job, "a job that has just ended can be started again"
        assert "event: done" in run(here(events, job), folder)
        run(here(delete, job), folder)
        assert json.loads(run(here(show), folder)) == []


def test_no_command_of_the_page_is_left_out() -> None:
    blocks = ("part-*", "--switch --gate", "index reencode", "ISOGLOT_JOB_SOURCES")
    tried = {command for word in blocks for command in block_with(word)}
    left = [command for block in BLOCKS for command in commands(block) if command not in tried]
    assert [command for command in left if not any(word in command for word in ELSEWHERE)] == []
