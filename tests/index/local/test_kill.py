"""What was acknowledged survives a kill -9 at any moment: during upserts, deletions, snapshots and compaction.

`make test` kills 40 times; `python -m tests.index.local.killed FOLDER --kills 200` as often as one likes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_what_was_acknowledged_survives_kills_at_random_moments(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.index.local.killed", str(tmp_path / "c"), "--kills", "40"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert "40 kills" in done.stdout
