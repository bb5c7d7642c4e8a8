"""What makes a training step of a static encoder fast, each way in a process of its own, in turns.

    python -m benchmarks.training_step

A step is forward, loss, backward and AdamW over a table of 57,344 x 1,024 numbers with 2,048 pairs of 45
pieces, on one thread. Ratios are to the first row; absolute numbers belong to the machine.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table
from sentence_transformers import SentenceTransformer

from training.allocator import keep_freed_memory
from training.losses import build_loss
from training.recipe import Stage

PIECES, DIMENSION, PAIRS, LENGTH = 57_344, 1_024, 2_048, 45

WAYS = {"float32 scores, memory given back": "", "bfloat16 scores": "rounded", "memory kept": "kept",
        "both, as `isoglot train` with bfloat16": "rounded kept"}  # fmt: skip


class Bags(torch.nn.Module):
    """A table of piece vectors, summed by text."""

    def __init__(self) -> None:
        super().__init__()
        self.table = torch.nn.EmbeddingBag(PIECES, DIMENSION, mode="sum")

    def forward(self, features: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Add `sentence_embedding`: (n_texts, DIMENSION) float32."""
        return {**features, "sentence_embedding": self.table(features["input_ids"])}


def seconds_of_steps(way: str, steps: int) -> list[float]:
    """Seconds of each step, one way; the first, which warms up, is left out."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    if "kept" in way:
        keep_freed_memory()
    model = SentenceTransformer(modules=[Bags()], device="cpu")
    loss = build_loss(model, Stage(), rounded="rounded" in way)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, fused=True)
    seconds = []
    for _ in range(steps + 1):
        sides = [{"input_ids": torch.randint(PIECES, (PAIRS, LENGTH))} for _ in range(2)]
        start = time.perf_counter()
        loss(sides, None).backward()
        optimizer.step()
        optimizer.zero_grad()
        seconds.append(time.perf_counter() - start)
    return seconds[1:]


def main(
    rounds: Annotated[int, typer.Option(help="Rounds; each runs every way once.")] = 3,
    steps: Annotated[int, typer.Option(help="Steps of each way in a round.")] = 5,
    way: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Print the median step of each way and its ratio to the plain one."""
    if way is not None:
        typer.echo(json.dumps(seconds_of_steps(way, steps)))
        return
    taken: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(rounds):
        for name, given in WAYS.items():
            command = [sys.executable, __file__, "--way", given, "--steps", str(steps)]
            taken[name] += json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
    plain = next(iter(medians.values()))
    table = Table("", "seconds a step", "ratio")
    for name, median in medians.items():
        table.add_row(name, f"{median:.3f}", f"{median / plain:.2f}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
