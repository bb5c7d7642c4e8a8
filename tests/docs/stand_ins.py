"""What a page's commands meet when they run: a scratch folder that looks like a clone that was set up.

`make serve` and `isoglot serve` start the service in the background on a free port and wait until it is ready; every other
verb of `make`, and `pip`, are looked up elsewhere (`checking.py`) and do nothing here.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.docs.blocks import ROOT

LINKED = ("index", "service", "training", "benchmarks", "docs", "tests", "pyproject.toml", "constraints.txt", "docker")
COPIED = ("models", "examples")
SECONDS = 120

_ISOGLOT = """#!/bin/bash
if [ "$1" = serve ]; then exec {python} -m tests.docs.stand_ins; fi
exec {python} -c 'from index.cli import main; main()' "$@"
"""
_MAKE = """#!/bin/bash
for word in "$@"; do if [ "$word" = serve ]; then exec {python} -m tests.docs.stand_ins; fi; done
"""


class Scratch:
    """The folder, its port, and the service that was started last in it."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        for name in LINKED:
            (folder / name).symlink_to(ROOT / name)
        for name in COPIED:
            shutil.copytree(ROOT / name, folder / name)
        tools = folder / ".venv" / "bin"
        tools.mkdir(parents=True)
        python = f'#!/bin/bash\nexec {sys.executable} "$@"\n'
        nothing = "#!/bin/bash\n"
        stand_ins = {"isoglot": _ISOGLOT, "make": _MAKE, "python": python, "python3": python, "pip": nothing}
        for name, text in stand_ins.items():
            (tools / name).write_text(text.replace("{python}", sys.executable), encoding="utf-8")
            (tools / name).chmod(0o755)
        path = f"{tools}:{os.environ['PATH']}"
        self.environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "PORT": str(self.port)}
        self.environment |= {"HF_HUB_OFFLINE": "1", "COLUMNS": "120", "ISOGLOT_CACHE": str(cache)}

    def run(self, text: str, seconds: int = 240) -> subprocess.CompletedProcess[str]:
        """Run a block as bash would, stopping at the first command that fails."""
        text = text.replace("localhost:8000", f"127.0.0.1:{self.port}").replace(
            "127.0.0.1:8000", f"127.0.0.1:{self.port}"
        )
        # An answer of 400 or more must not pass for success.
        script = f'set -euo pipefail\ncurl() {{ command curl --fail-with-body --silent --show-error "$@"; }}\n{text}'
        return subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def stop(self) -> None:
        """Stop the service, if one was started."""
        _stop(self.folder / "service.pid")


def _stop(file: Path) -> None:
    if not file.exists():
        return
    process = int(file.read_text())
    file.unlink()
    try:
        os.kill(process, signal.SIGTERM)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            os.kill(process, 0)
            time.sleep(0.1)
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return


def serve() -> int:
    """Start the service of this folder anew, in the background, and wait until it answers; returns an exit code."""
    file, log = Path("service.pid"), Path("service.log")
    _stop(file)
    with log.open("w") as out:
        service = subprocess.Popen(
            [sys.executable, "-c", "from index.cli import main; main()", "serve"],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
        )  # fmt: skip
    file.write_text(str(service.pid))
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and service.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{os.environ['PORT']}/health/ready", timeout=10):
                return 0
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    sys.stderr.write(log.read_text(encoding="utf-8"))
    return 1


if __name__ == "__main__":
    sys.exit(serve())
