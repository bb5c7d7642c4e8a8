"""Evening out a static encoder's directions after training, without a text.

Trained vectors crowd a few directions, the ones that carry what languages and topics share; the rest,
where rarer words differ, hardly count in a cosine. Whitening (Su et al. 2021, "Whitening sentence
representations for better semantics and faster retrieval", arXiv 2103.15316, eq. 5) gives all the
same share; here by a power, since going all the way costs the agreement between languages. A sum
of pieces is linear, so the map is folded into the table and costs nothing when encoding. The second
moments are the table's own, every piece counting once.
"""

from __future__ import annotations

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from index.errors import InvalidInput
from training.static import WeightedStaticEmbedding

__all__ = ["require_strength", "whiten", "whitening"]

_LEAST = 1e-6
"""Smallest direction counted, as a share of the largest: an empty one must not become noise."""


def require_strength(strength: float) -> None:
    """Raise InvalidInput for a strength outside 0 to 1."""
    if not 0 <= strength <= 1:
        raise InvalidInput(
            f"whiten is {strength}; give a number from 0 (the table as trained) to 1 (all directions alike).",
            given=strength,
        )


def whitening(table: np.ndarray, strength: float) -> np.ndarray:
    """The map that evens out a table's directions: (dim, dim) float32, symmetric.

    table: (vocabulary, dim) float32, piece vectors with their weights multiplied in.
    strength: 0 changes nothing; with 1 the rows' second moments are the same in every direction.
    Raises InvalidInput for another strength.
    """
    require_strength(strength)
    moments = (table.T @ table).astype(np.float64) / len(table)
    sizes, directions = np.linalg.eigh(moments)
    sizes = np.maximum(sizes / max(sizes[-1], np.finfo(np.float64).tiny), _LEAST)
    mapped: np.ndarray = (directions * sizes ** (-strength / 2)) @ directions.T
    return mapped.astype(np.float32)


def whiten(model: SentenceTransformer, strength: float) -> None:
    """Fold the map into a static model's piece vectors; their weights stay.

    Raises InvalidInput for a strength outside 0 to 1, and for a model that is not static.
    """
    require_strength(strength)
    static = model[0]
    if not isinstance(static, WeightedStaticEmbedding):
        raise InvalidInput("Only a static encoder can be whitened: its vectors are sums of its table's rows.")
    matrix = torch.from_numpy(whitening(static.folded().numpy(), strength))
    with torch.no_grad():
        static.embedding.weight.copy_(static.embedding.weight @ matrix)
