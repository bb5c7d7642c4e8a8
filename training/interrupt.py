"""Ctrl-C and SIGTERM while training: finish the step, save, stop."""

from __future__ import annotations

import signal
from typing import Any

import torch
from transformers import TrainerCallback

from index.errors import IsoglotError

__all__ = ["Interrupted", "StopOnSignal"]

_AGREE_EVERY = 10
"""Steps between agreements of several processes; one that stopped alone would leave the others waiting."""


class Interrupted(IsoglotError):
    """Training was stopped on request; a checkpoint has been written."""

    code = "interrupted"


class StopOnSignal(TrainerCallback):  # type: ignore[misc]
    """Turns the first signal into a checkpoint and a stop; a second one ends the process at once."""

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self) -> None:
        self.was_asked = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> StopOnSignal:
        self._before = {number: signal.signal(number, self._ask) for number in self.SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, _: Any) -> None:
        if self.was_asked:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self.was_asked = True

    def on_step_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """Save and stop once asked."""
        if self._all_know(state.global_step, args.device):
            self.was_asked = control.should_save = control.should_training_stop = True

    def _all_know(self, step: int, device: torch.device) -> bool:
        if not torch.distributed.is_initialized():
            return self.was_asked
        if step % _AGREE_EVERY:
            return False
        asked = torch.tensor(int(self.was_asked), device=device)
        torch.distributed.all_reduce(asked, op=torch.distributed.ReduceOp.MAX)
        return bool(asked.item())
