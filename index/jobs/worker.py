"""A job in a process of its own: `python -m index.jobs.worker FOLDER [hand-over]`, settings in the environment."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from index.errors import IsoglotError
from index.jobs.job import build
from index.jobs.ledger import read_state
from index.settings import IndexSettings

__all__ = ["main"]

_NICE = 10
"""Lower priority: searches go first."""


def main(folder: Path, hands_over: bool = False) -> int:
    """Run the job whose ledger is in a folder; returns the exit code. SIGTERM stops it after the batch in hand.

    hands_over: whether the service that started it puts the new version in place.
    """
    os.nice(_NICE)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the service too, which then asks by SIGTERM
    try:
        settings = IndexSettings.load()
        spec, encoders = read_state(folder).spec, settings.open_encoders()
        build(spec, settings, stop=stop, encoders=encoders, hands_over=hands_over)
    except IsoglotError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:] == ["hand-over"]))
