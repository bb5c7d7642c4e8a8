"""What a person sees of a run: a progress bar while it goes, a loss curve after it."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from transformers import TrainerCallback

__all__ = ["RunLog", "console", "plot_loss"]

console = Console(stderr=True)


class RunLog(TrainerCallback):  # type: ignore[misc]
    """Shows progress on the terminal and appends each log entry to `RUN/log.jsonl`."""

    def __init__(self, run: Path, stage: str) -> None:
        self.path, self.stage = run / "log.jsonl", stage
        self.progress = Progress(
            TextColumn(stage), BarColumn(), MofNCompleteColumn(), TextColumn("loss {task.fields[loss]}"),
            TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(), console=console,
        )  # fmt: skip

    def on_train_begin(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """Start the bar."""
        self.task = self.progress.add_task("train", total=state.max_steps, loss="–")
        self.progress.start()

    def on_step_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """Move the bar."""
        self.progress.update(self.task, completed=state.global_step)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **rest: Any) -> None:
        """Write one line and show the loss."""
        if logs and "loss" in logs:
            self.progress.update(self.task, loss=f"{float(logs['loss']):.3f}")
            line = {
                "stage": self.stage,
                "step": state.global_step,
                "loss": float(logs["loss"]),
                "learning_rate": float(logs["learning_rate"]),
            }
            with self.path.open("a", encoding="utf-8") as out:
                out.write(json.dumps(line) + "\n")

    def on_train_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """Close the bar."""
        self.progress.stop()


def plot_loss(run: Path) -> Path:
    """Draw `RUN/log.jsonl` as `RUN/loss.png` and return its path."""
    from matplotlib.figure import Figure

    rows = [json.loads(line) for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    start = 0
    for stage, lines in groupby(rows, key=lambda row: str(row["stage"])):
        points = [(start + row["step"], row["loss"]) for row in lines]
        axes.plot(*zip(*points, strict=True), label=stage)
        start = points[-1][0]
    axes.legend(title="stage")
    axes.set_xlabel("step")
    axes.set_ylabel("InfoNCE loss (mean over the logging interval)")
    axes.set_title(f"Training loss: {run.name}")
    axes.grid(alpha=0.3)
    figure.savefig(run / "loss.png", dpi=150)
    return run / "loss.png"
