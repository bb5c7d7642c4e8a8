"""A real Prometheus asks a real service, and answers every query of Grafana's dashboard with numbers."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHECKS = [sys.executable, str(ROOT / "docker" / "checks.py")]
AUDITED = 3
"""Questions, each in twelve languages; the drift of head starts is told of audited collections alone."""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def running(*command: str, ready: str, folder: Path) -> Iterator[None]:
    """A process that answers `ready` before it is used, and is ended afterwards."""
    log = folder / f"{Path(command[0]).name}.log"
    with log.open("wb") as written, subprocess.Popen(command, stdout=written, stderr=written, cwd=folder) as process:
        try:
            for _ in range(600):
                try:
                    urllib.request.urlopen(ready, timeout=5).close()
                    break
                except OSError:
                    assert process.poll() is None, log.read_text()
                    time.sleep(0.2)
            else:
                pytest.fail(log.read_text())
            yield
        finally:
            process.terminate()
            process.wait(timeout=60)


def audit(url: str) -> None:
    lines = (ROOT / "index" / "demo" / "questions.jsonl").read_text(encoding="utf-8").splitlines()[:AUDITED]
    questions = [{"id": str(place), "questions": json.loads(line)["questions"]} for place, line in enumerate(lines)]
    body = json.dumps({"collection": "demo", "questions": questions}).encode()
    request = urllib.request.Request(f"{url}/audit", body, {"content-type": "application/json"})
    urllib.request.urlopen(request, timeout=120).close()


@pytest.mark.timeout(600)
@pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed (Debian: prometheus)")
def test_every_panel_has_data(tmp_path: Path) -> None:
    service, prometheus = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    jobs = [{"job_name": "isoglot", "static_configs": [{"targets": [service.removeprefix("http://")]}]}]
    (tmp_path / "prometheus.yml").write_text(json.dumps({"global": {"scrape_interval": "1s"}, "scrape_configs": jobs}))
    serve = [sys.executable, "-c", "from index.cli import main; main()", "serve", "--data", str(tmp_path / "data")]
    ask = ["prometheus", "--config.file=prometheus.yml", f"--web.listen-address={prometheus.removeprefix('http://')}"]
    with ExitStack() as stack:
        port = service.rpartition(":")[2]
        stack.enter_context(running(*serve, "--port", port, ready=f"{service}/health/ready", folder=tmp_path))
        stack.enter_context(running(*ask, ready=f"{prometheus}/-/ready", folder=tmp_path))
        subprocess.run([*CHECKS, "traffic", service, "--seconds", "4"], check=True)
        audit(service)
        subprocess.run([*CHECKS, "traffic", service, "--seconds", "6"], check=True)
        done = subprocess.run([*CHECKS, "dashboard", prometheus], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told, of = done.stdout.split()[0], done.stdout.split()[2]
    assert told == of, done.stdout
