"""Scores rounded for speed stay the scores they were."""

from __future__ import annotations

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize
from sentence_transformers.util import cos_sim

from training.losses import build_loss
from training.recipe import Stage


def test_rounded_scores_are_cosines_to_bfloat16_in_float32() -> None:
    model = SentenceTransformer(modules=[Normalize()], device="cpu")
    exact, rounded = (build_loss(model, Stage(), each).similarity_fct for each in (False, True))
    torch.manual_seed(0)
    queries, passages = 3 * torch.randn(20, 64), torch.randn(30, 64)
    assert torch.equal(exact(queries, passages), cos_sim(queries, passages))
    scores = rounded(queries, passages)
    assert scores.dtype == torch.float32 and not torch.equal(scores, exact(queries, passages))
    torch.testing.assert_close(scores, exact(queries, passages), atol=2**-7, rtol=0)
