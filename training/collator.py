"""Batches of texts to tensors, with the batch's regime and, for distillation, the teacher's vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.data_collator import SentenceTransformerDataCollator

from index.errors import InvalidInput
from training.recipe import Recipe, Stage
from training.static import WeightedStaticEmbedding

__all__ = ["PAIRS", "REGIME", "PairCollator", "load_teacher"]

REGIME, PAIRS = "regime", "pairs"
"""Keys of a batch's regime and number of pairs among its tensors."""


class PairCollator(SentenceTransformerDataCollator):  # type: ignore[misc]
    """sentence-transformers' collator with prompts by column.

    teacher: labels a batch with its vectors of the questions; None adds no labels.
    """

    def __init__(self, recipe: Recipe, model: SentenceTransformer, teacher: SentenceTransformer | None = None) -> None:
        # The model itself would take the piece ids of a static encoder for audio.
        first = model[0]
        preprocess = first.preprocess if isinstance(first, WeightedStaticEmbedding) else model.preprocess
        asked, told = recipe.model.query_prompt, recipe.model.passage_prompt
        negatives = {f"negative_{n}": told for stage in recipe.stages for n in range(1, stage.hard_negatives + 1)}
        super().__init__(preprocess_fn=preprocess, prompts={"question": asked, "passage": told, **negatives})
        self.teacher = teacher

    def __call__(self, features: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Tensors of each column; regime and number of pairs beside them."""
        batch: dict[str, Any] = super().__call__(features)
        batch[REGIME], batch[PAIRS] = getattr(features, "regime", ""), len(features)
        if self.teacher is not None:
            with torch.no_grad():
                texts = [row["question"] for row in features]
                vectors = self.teacher.encode(texts, convert_to_tensor=True, show_progress_bar=False)
            # A copy outside inference mode, which the loss may not keep.
            batch["label"] = vectors.clone().cpu()
        return batch


def load_teacher(stage: Stage, model: SentenceTransformer) -> SentenceTransformer | None:
    """The stage's teacher; None when it has none.

    Raises InvalidInput when it cannot be loaded or its vectors have another length than the student's.
    """
    if stage.teacher is None:
        return None
    try:
        teacher = SentenceTransformer(stage.teacher)
    except (OSError, ValueError, ImportError) as error:
        raise InvalidInput(f"Stage {stage.name!r}: the teacher {stage.teacher!r} cannot be loaded: {error}") from error
    wanted, given = model.get_embedding_dimension(), teacher.get_embedding_dimension()
    if wanted != given:
        raise InvalidInput(
            f"Stage {stage.name!r}: the teacher's vectors have {given} numbers, the model's {wanted}; "
            "distillation needs equal lengths. Choose another teacher or model.dimension."
        )
    return teacher
