"""The work of a study: every arm trained and judged once, side by side, going on where it stopped.

OUT/runs/KEY/    the run folder of one arm, shared by all studies that have it (`Arm.key`)
OUT/starts/      untrained models shared between runs (`training/starts.py`)
"""

from __future__ import annotations

import functools
import json
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from index.errors import Conflict
from training.interrupt import Interrupted
from training.pace import pace
from training.run_facts import data_hashes
from training.starts import start_key
from training.studies.arms import Arm
from training.studies.judge_arm import is_judged, judge_run
from training.studies.workers import side_by_side

__all__ = ["run_folder", "work_through"]


def run_folder(out: Path, arm: Arm) -> Path:
    """Where an arm's run stands."""
    return out / "runs" / arm.key


def work_through(arms: Sequence[Arm], data: Path, benchmarks: Sequence[str], out: Path, workers: int) -> None:
    """Train and judge the arms that are not done yet, `workers` at a time, each on its share of the cores.

    Of the arms that share a start one goes first and makes it; the others wait for it.
    benchmarks: each "name" or "name=DATA". Raises Conflict when a finished run was made from other
    data, Interrupted after Ctrl-C or SIGTERM, WorkerDied, and what training and judging raise.
    """
    distinct = list({arm.key: arm for arm in arms}.values())
    waiting: dict[str, list[Arm]] = {}
    for arm in distinct:
        hashes, run = data_hashes(arm.recipe, data), run_folder(out, arm)
        if not (_is_trained(run, hashes) and all(is_judged(run, given) for given in benchmarks)):
            waiting.setdefault(start_key(arm.recipe, hashes), []).append(arm)
    done = len(distinct) - sum(map(len, waiting.values()))
    _share_cores(workers)
    work = functools.partial(_work, data=data, benchmarks=benchmarks, out=out)
    start_of = {members[0].key: start for start, members in waiting.items()}
    ready = [members.pop(0) for members in waiting.values()]
    bar = pace("Training and judging", len(distinct), "runs", done)
    with _stoppable(), bar as advance, closing(side_by_side(work, ready, workers)) as jobs:
        for arm in jobs:
            advance(1)
            ready += waiting.pop(start_of.get(arm.key, ""), [])


@contextmanager
def _stoppable() -> Iterator[None]:
    """Ctrl-C and SIGTERM alike end in Interrupted, once the runs at work have saved theirs."""
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, signal.default_int_handler) if is_main else None
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted("Stopped. The same command goes on; finished runs are kept.") from None
    finally:
        if is_main:
            signal.signal(signal.SIGTERM, before)


def _is_trained(run: Path, hashes: dict[str, str]) -> bool:
    facts = run / "run.json"
    if not facts.is_file():
        return False
    if json.loads(facts.read_bytes())["data"] != hashes:
        raise Conflict(f"{run} was trained on other data than there is now; give another --out, or the old data.")
    return True


def _share_cores(workers: int) -> None:
    """Set the threads of each process: torch and FAISS would otherwise fight for one set of cores."""
    threads = str(max(1, (os.cpu_count() or 1) // workers))
    for name in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS"):
        os.environ[name] = threads


def _work(arm: Arm, data: Path, benchmarks: Sequence[str], out: Path) -> None:
    """In a process of its own."""
    from training.allocator import keep_freed_memory
    from training.progress import console
    from training.quiet import quieten
    from training.train import train

    quieten()
    keep_freed_memory()
    console.quiet = True
    run = run_folder(out, arm)
    if not (run / "run.json").is_file():
        train(arm.recipe, data, run, starts=out / "starts")
    judge_run(run, benchmarks)
