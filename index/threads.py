"""How many threads ONNX Runtime, tokenizers and FAISS may use, set together from the cores there are.

Left alone, each takes every core of the machine it can see, in a container with a quota too, and
on one request they would get in each other's way.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

import faiss

__all__ = ["cores", "granted", "share_cores"]

_CGROUPS = Path("/sys/fs/cgroup")
_shared = [1]


def cores(cgroups: Path = _CGROUPS) -> int:
    """Cores this process may use: what the scheduler lets it run on, or a cgroup's quota if that is less.

    cgroups: where the kernel shows them, version 2 (`cpu.max`) or 1 (`cpu/cpu.cfs_quota_us`).
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _quota(cgroups)
    return allowed if quota is None else max(1, min(allowed, math.ceil(quota)))


def _quota(cgroups: Path) -> float | None:
    """Cores' worth of time the cgroup grants; None when it does not limit it or cannot be read."""
    try:
        if (cgroups / "cpu.max").is_file():
            quota, period = (cgroups / "cpu.max").read_text().split()
        else:
            quota, period = ((cgroups / "cpu" / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        return float(quota) / float(period) if quota.strip() not in ("max", "-1") else None
    except (OSError, ValueError):
        return None


def share_cores(threads: int | None = None) -> int:
    """Set the threads of tokenizers and FAISS, and return those for ONNX Runtime.

    threads: None takes `cores()`. Tokenizers read theirs once, when they first run, so this comes before.
    FAISS gets one: a query over one list is too little work to share. Batches of queries may use all of them.
    """
    threads = threads or cores()
    _shared[0] = threads
    os.environ["RAYON_NUM_THREADS"] = str(threads)
    os.environ["TOKENIZERS_PARALLELISM"] = str(threads > 1).lower()
    faiss.omp_set_num_threads(1)
    return threads


def granted() -> int:
    """Threads that `share_cores` set last: those a batch of queries may use; 1 where it was not asked."""
    return _shared[0]
