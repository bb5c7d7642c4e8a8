"""Weights of two moments of one run, averaged (Wortsman et al. 2022, arXiv 2109.01903, eq. 1)."""

from __future__ import annotations

from collections.abc import Mapping

import torch

__all__ = ["copy_weights", "mix_weights"]


def copy_weights(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The model's weights as they are now, on the processor."""
    return {name: weights.detach().cpu().clone() for name, weights in model.named_parameters()}


def mix_weights(model: torch.nn.Module, start: Mapping[str, torch.Tensor], share: float) -> None:
    """Set every weight to (1 - share) of itself and share of what `start` holds under its name.

    share: 0 to 1; with 0 nothing happens and `start` may be empty.
    """
    if not share:
        return
    with torch.no_grad():
        for name, weights in model.named_parameters():
            weights.lerp_(start[name].to(weights), share)
