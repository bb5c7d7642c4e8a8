"""Try an installed Isoglot where nothing but serving is: python tests/dist/try_installed.py, with that environment's Python.

`make dist` runs it. It is no test of pytest's: that environment has none.
"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

SECONDS = 120
"""To wait for a service that makes its demo collection."""


def main() -> None:
    """Look at what is there, then serve, search and stop; raises AssertionError."""
    # Run as a file, the folder of this script is on the path, the repository is not.
    import index

    wings = [Path(index.__file__).parent.parent / wing for wing in ("index", "service", "training")]
    assert "site-packages" in index.__file__, f"{index.__file__} is not the installed one"
    assert all((wing / "py.typed").is_file() for wing in wings), "type hints are not shipped"
    assert not find_spec("torch"), "serving brought torch"
    isoglot = Path(sys.executable).with_name("isoglot")
    printed = subprocess.run([isoglot, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    assert printed == version("isoglot")
    with tempfile.TemporaryDirectory() as folder:
        _serve(isoglot, folder)
    print(f"Isoglot {printed} was installed, served, answered and stopped.")


def _serve(isoglot: Path, folder: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    service = subprocess.Popen([isoglot, "serve", "--port", str(port), "--data", folder], cwd=folder)
    try:
        hits = _search(service, f"http://127.0.0.1:{port}")
        assert "tides.de" in [hit["id"] for hit in hits], hits
        service.send_signal(signal.SIGTERM)
        # The server ends by the signal it was sent, once it has finished.
        assert service.wait(60) in (0, -signal.SIGTERM), service.returncode
    finally:
        service.kill()


def _search(service: subprocess.Popen[bytes], address: str) -> list[dict[str, str]]:
    body = json.dumps({"query": "Why are there two high tides a day?", "k": 5}).encode()
    request = urllib.request.Request(f"{address}/search", body, {"content-type": "application/json"})
    deadline = time.monotonic() + SECONDS
    while True:
        assert service.poll() is None, f"the service ended with {service.returncode}"
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                hits: list[dict[str, str]] = json.load(answer)["hits"]
                return hits
        except OSError:
            assert time.monotonic() < deadline, "the service did not answer"
            time.sleep(0.2)


if __name__ == "__main__":
    main()
