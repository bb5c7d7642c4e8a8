from __future__ import annotations

import logging
from pathlib import Path

import pytest

from index.jobs.job import FOLDER
from index.jobs.ledger import DATABASE, Ledger
from index.jobs.listing import states
from index.jobs.spec import JobSpec
from index.jobs.state import JobState
from index.settings import IndexSettings


def test_a_job_that_cannot_be_read_hides_no_other(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = IndexSettings(data=tmp_path)
    spec = JobSpec(collection="docs", sources=["a.jsonl"])
    Ledger(tmp_path / FOLDER / "docs-000000000001", JobState(id="docs-000000000001", key="k", spec=spec)).close()
    killed = tmp_path / FOLDER / "docs-000000000002"  # before its tables were made
    killed.mkdir()
    (killed / DATABASE).touch()
    with caplog.at_level(logging.WARNING):
        assert [state.id for state in states(settings)] == ["docs-000000000001"]
    assert "docs-000000000002" in caplog.text
