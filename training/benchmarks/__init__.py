"""Evaluation sets: one file each, all yielding a `Benchmark`."""

from __future__ import annotations

from pathlib import Path

from index.errors import InvalidInput
from training.benchmarks.base import Benchmark
from training.benchmarks.demo import load_demo
from training.benchmarks.xquad_r import load_lareqa

__all__ = ["BENCHMARKS", "Benchmark", "load_benchmark"]

BENCHMARKS = ("demo", "xquad-r", "mlqa-r")


def load_benchmark(name: str, folder: Path | None) -> Benchmark:
    """Load a benchmark by name.

    folder: where its files are; None for the demo set, which comes with the project.
    Raises InvalidInput for another name or a missing folder.
    """
    if name not in BENCHMARKS:
        raise InvalidInput(f"There is no benchmark {name!r}; choose from {', '.join(BENCHMARKS)}.", given=name)
    if name == "demo":
        return load_demo()
    if folder is None:
        raise InvalidInput(f"Benchmark {name} needs its files: give their folder with --data.")
    return load_lareqa(folder, name)
