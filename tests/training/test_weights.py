"""Averaging with the start: by share, every weight, nothing else."""

from __future__ import annotations

import pytest
import torch

from training.weights import copy_weights, mix_weights


@pytest.mark.parametrize("share", [0.25, 0.5])
def test_every_weight_becomes_the_average(share: float) -> None:
    model = torch.nn.Linear(3, 2)
    start = copy_weights(model)
    with torch.no_grad():
        for weights in model.parameters():
            weights.add_(1.0)
    mix_weights(model, start, share)
    for name, weights in model.named_parameters():
        assert torch.allclose(weights, start[name] + 1 - share)
        assert weights.requires_grad


def test_no_share_needs_no_start() -> None:
    model = torch.nn.Linear(3, 2)
    before = copy_weights(model)
    mix_weights(model, {}, 0.0)
    assert all(torch.equal(weights, before[name]) for name, weights in model.named_parameters())
