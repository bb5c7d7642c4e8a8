"""What a person sees of a run while it goes, and what is kept of it line by line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from transformers import TrainerCallback

__all__ = ["RunLog", "console", "read_log"]

# Of several processes (torchrun) only the first speaks.
console = Console(stderr=True, quiet=os.environ.get("RANK", "0") != "0")


class RunLog(TrainerCallback):  # type: ignore[misc]
    """Shows progress on the terminal and appends each log entry to `RUN/log.jsonl`.

    Only the first of several processes speaks and writes.
    """

    def __init__(self, run: Path, stage: str) -> None:
        self.path, self.stage = run / "log.jsonl", stage
        self.progress = Progress(
            TextColumn(stage), BarColumn(), MofNCompleteColumn(), TextColumn("loss {task.fields[loss]}"),
            TextColumn("{task.fields[rate]} pairs/s"), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
            console=console,
        )  # fmt: skip

    def on_train_begin(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """Start the bar; lines past the step the run goes on from are dropped."""
        if state.is_world_process_zero:
            self._forget_after(state.global_step)
            self.task = self.progress.add_task("train", total=state.max_steps, loss="–", rate="–")
            self.progress.update(self.task, completed=state.global_step)
            self.progress.start()

    def on_step_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """Move the bar."""
        if state.is_world_process_zero:
            self.progress.update(self.task, completed=state.global_step)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **rest: Any) -> None:
        """Write one line and show the loss."""
        logs = {name.removeprefix("eval_"): value for name, value in (logs or {}).items()}
        if not state.is_world_process_zero or not {"loss", "validation_loss"} & set(logs):
            return
        if "loss" in logs:
            self.progress.update(self.task, loss=f"{logs['loss']:.3f}", rate=f"{logs['pairs_per_second']:,.0f}")
        else:
            console.print(f"Step {state.global_step:,}: validation loss {logs['validation_loss']:.4f}")
        numbers = {name: float(value) for name, value in logs.items() if name != "epoch"}
        with self.path.open("a", encoding="utf-8") as out:
            line = {"stage": self.stage, "step": state.global_step, **numbers}
            out.write(json.dumps(line, ensure_ascii=False) + "\n")

    def on_train_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """Close the bar."""
        self.progress.stop()

    def _forget_after(self, step: int) -> None:
        kept = [row for row in read_log(self.path.parent) if row["stage"] != self.stage or row["step"] <= step]
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept)
        self.path.write_text(text, encoding="utf-8")


def read_log(run: Path) -> list[dict[str, Any]]:
    """The lines of `RUN/log.jsonl`; a last line cut short by a kill is passed over."""
    path = run / "log.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]
