"""A job on Ray that is killed, and whose workers are, ends as if nothing had been."""

from __future__ import annotations

from pathlib import Path

import pytest

ray = pytest.importorskip("ray")

from benchmarks.job_kills import KILLED, WHOLE, cluster, disturb, write_rows
from index.jobs.listing import states
from index.jobs.ray_engine import ClusterUnreachable
from index.settings import IndexSettings
from tests.conftest import make_encoder
from tests.index.jobs.tools import held, run

# Ray itself leaves sockets and files to the garbage collector.
pytestmark = [pytest.mark.filterwarnings("default"), pytest.mark.timeout(1200)]


def test_kills_of_a_job_and_its_workers_at_random_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ISOGLOT_THREADS", "1")
    settings = IndexSettings(data=tmp_path / "data", encoder=str(make_encoder(tmp_path / "tiny")), threads=1)
    file = write_rows(tmp_path / "rows.jsonl", 3000)
    whole = run(settings, file, collection=WHOLE, batch=100)
    with cluster(3):
        found = disturb(settings, file, "ray", batch=100, kills=3, rows=3000)
    assert len(found.hits) == 3 and any(0 < row < 3000 for _, row in found.hits), (
        "the kills came before anything was done"
    )
    assert found.is_same and held(settings, KILLED) == held(settings, WHOLE)
    assert next(state.tally for state in states(settings) if state.spec.collection == KILLED) == whole.tally


def test_a_cluster_that_does_not_answer_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        """As Ray does where nobody listens, after half a minute."""
        raise ConnectionError("ray client connection timeout")

    monkeypatch.setattr(ray, "init", refuse)
    monkeypatch.setenv("RAY_ADDRESS", "ray://nowhere:10001")
    settings = IndexSettings(data=tmp_path / "data", encoder=str(make_encoder(tmp_path / "tiny")), threads=1)
    with pytest.raises(ClusterUnreachable, match="ray://nowhere:10001 does not answer"):
        run(settings, write_rows(tmp_path / "rows.jsonl", 10), engine="ray")
    assert states(settings)[0].status == "failed"
