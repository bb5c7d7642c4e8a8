"""What is measured while training: loss by regime, throughput, memory."""

from __future__ import annotations

import resource
import sys
import time
from collections import defaultdict

import torch

__all__ = ["Meter", "memory_in_use"]


class Meter:
    """Collects between two log lines.

    processes: all of them see as many pairs as this one.
    """

    def __init__(self, processes: int = 1) -> None:
        self.processes = processes
        self._losses: dict[str, list[float]] = defaultdict(list)
        self._pairs, self._since = 0, time.perf_counter()

    def add(self, regime: str, loss: float, pairs: int) -> None:
        """Count one batch."""
        self._losses[regime].append(loss)
        self._pairs += pairs

    def flush(self) -> dict[str, float]:
        """Means since the last call: "loss/REGIME", "pairs_per_second", "memory_mb"."""
        now = time.perf_counter()
        seen = {f"loss/{regime}": sum(losses) / len(losses) for regime, losses in self._losses.items()}
        rate = self._pairs * self.processes / max(now - self._since, 1e-9)
        self._losses.clear()
        self._pairs, self._since = 0, now
        return {**seen, "pairs_per_second": rate, "memory_mb": memory_in_use()}


def memory_in_use() -> float:
    """Most memory held so far, in megabytes: of the GPU where there is one, else of the process."""
    if torch.cuda.is_available():
        return float(torch.cuda.max_memory_allocated()) / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3
