"""Jobs on a real Ray of this machine. They run where Ray is installed: `make test-ray`."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ray = pytest.importorskip("ray")
psutil = pytest.importorskip("psutil")  # comes with Ray

from index.errors import InvalidInput
from index.jobs import JobSpec, JobStopped, build
from index.settings import IndexSettings
from tests.conftest import make_encoder, write_lines
from tests.index.jobs.tools import held, line, rejected, run

# Ray itself leaves sockets and files to the garbage collector.
pytestmark = pytest.mark.filterwarnings("default")

ROWS = [line(n) if n % 50 else {"id": f"p{n - 7}", "text": "again"} for n in range(1, 12_000)]


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    ray.init(
        num_cpus=4, include_dashboard=False, log_to_driver=False, logging_level="ERROR", object_store_memory=300_000_000
    )
    yield
    ray.shutdown()


@pytest.fixture
def settings(tmp_path: Path) -> IndexSettings:
    return IndexSettings(data=tmp_path / "data", encoder=str(make_encoder(tmp_path / "tiny")), threads=1)


def test_both_engines_end_alike_and_a_second_run_writes_nothing(settings: IndexSettings, tmp_path: Path) -> None:
    one = write_lines(tmp_path / "a.jsonl", [*ROWS[:700], 5, {"id": "x"}])
    two = write_lines(tmp_path / "b.jsonl", ROWS[600:1400])
    local = run(settings, one, two, collection="local", batch=100)
    far = run(settings, one, two, engine="ray", batch=100)
    assert far.tally == local.tally and held(settings) == held(settings, "local")
    assert rejected(settings, far) == rejected(settings, local)
    assert [run(settings, one, two, engine="ray", batch=100).tally.written.total()] == [0]
    write_lines(two, [line(3, title="New")])
    changed = run(settings, one, two, engine="ray", batch=100)
    assert changed.tally.written.total() == 0 and "already" in rejected(settings, changed)[-1]["reason"]


def actors() -> list[Any]:
    """The processes of encoding actors, by the name Ray gives them."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        command = " ".join(process.info["cmdline"] or [])
        if command.startswith("ray::") and ("_MapWorker" in command or "MapWorker" in command):
            found.append(process)
    return found


def test_an_actor_killed_half_way_changes_nothing(settings: IndexSettings, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "a.jsonl", ROWS)
    local = run(settings, file, collection="local")
    killed: list[int] = []

    def kill(state: object) -> None:
        """Kill an encoding actor once the first batches are written."""
        if not killed and (found := actors()):
            found[0].send_signal(signal.SIGKILL)
            killed.append(found[0].pid)

    spec = JobSpec(sources=[str(file)], collection="docs", engine="ray", batch=200)
    written: list[int] = []
    state = build(spec, settings, lambda s: (written.append(s.tally.read), kill(s) if s.tally.read else None))
    assert killed and written[-1] > 400
    assert state.tally == local.tally and held(settings) == held(settings, "local")


def test_a_stopped_job_goes_on_with_either_engine(settings: IndexSettings, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "a.jsonl", ROWS[:3000])
    whole = run(settings, file, collection="whole")
    for engine in ("ray", "local"):
        stop = threading.Event()
        spec = JobSpec(sources=[str(file)], collection=engine, engine="ray", batch=300)
        with pytest.raises(JobStopped):
            build(spec, settings, lambda s, stop=stop: stop.set() if s.tally.read >= 900 else None, stop)
        state = build(spec.model_copy(update={"engine": engine}), settings)
        assert state.tally == whole.tally and held(settings, engine) == held(settings, "whole")


def test_standard_input_is_refused(settings: IndexSettings) -> None:
    with pytest.raises(InvalidInput, match="Standard input"):
        run(settings, "-", engine="ray")
