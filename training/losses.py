"""The loss of a stage, put together from sentence-transformers' own."""

from __future__ import annotations

from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.losses import (
    CachedMultipleNegativesRankingLoss,
    MatryoshkaLoss,
    MSELoss,
    MultipleNegativesRankingLoss,
)
from sentence_transformers.util import cos_sim

from index.errors import InvalidInput
from training.recipe import Stage

__all__ = ["build_loss"]


def build_loss(model: SentenceTransformer, stage: Stage, rounded: bool = False) -> torch.nn.Module:
    """Loss module of a stage.

    rounded: take the batch's matrix of cosines in bfloat16. Accelerate casts inside the model alone, and on a
    processor that matrix is the larger part of a static encoder's step.

    Contrastive: InfoNCE over cosines / temperature (arXiv 2408.10536, section 2.1; the paper prints no
    temperature). Distillation: mean squared distance to the teacher's vectors, given as labels.
    Raises InvalidInput when a Matryoshka length is not shorter than the model's vectors.
    """
    if stage.loss == "distillation":
        loss: torch.nn.Module = MSELoss(model)
    else:
        loss = _contrastive(model, stage, rounded)
    if stage.matryoshka:
        return MatryoshkaLoss(model, loss, _lengths(model, stage))
    return loss


def _contrastive(model: SentenceTransformer, stage: Stage, rounded: bool) -> torch.nn.Module:
    options: dict[str, Any] = {
        "similarity_fct": _rounded_cosines if rounded else cos_sim,
        "scale": 1.0 / stage.temperature,
        "gather_across_devices": stage.gather_across_devices,
        "directions": ("query_to_doc", "doc_to_query") if stage.symmetric else ("query_to_doc",),
        "partition_mode": "per_direction" if stage.symmetric else "joint",
    }
    if stage.mini_batch:
        return CachedMultipleNegativesRankingLoss(model, mini_batch_size=stage.mini_batch, **options)
    return MultipleNegativesRankingLoss(model, **options)


def _rounded_cosines(queries: torch.Tensor, passages: torch.Tensor) -> torch.Tensor:
    """(n, m) float32 cosines, the products rounded to bfloat16; the softmax over them stays float32."""
    one, other = (torch.nn.functional.normalize(vectors, dim=1).bfloat16() for vectors in (queries, passages))
    return (one @ other.T).float()


def _lengths(model: SentenceTransformer, stage: Stage) -> list[int]:
    full = int(model.get_embedding_dimension())
    wrong = [length for length in stage.matryoshka if not 0 < length < full]
    if wrong:
        raise InvalidInput(
            f"Stage {stage.name!r}: matryoshka lengths {wrong} are not between 1 and {full - 1}; "
            f"the vectors have {full} numbers."
        )
    return [full, *sorted(stage.matryoshka, reverse=True)]
