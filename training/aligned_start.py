"""Where piece vectors start: cross-language latent semantic analysis.

Pieces that occur in the same groups, in whatever language, start near each other (Dumais et
al. 1997, "Automatic cross-language retrieval using latent semantic indexing"): the matrix of
groups × pieces, tf-idf weighted and with every translation of a group poured into one row,
is cut to its first singular vectors. Two minutes of this save contrastive training its
slowest part, finding out which pieces translate each other at all.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import scipy.sparse as sparse
from sklearn.utils.extmath import randomized_svd

from training.pairs import PairTable, Side

__all__ = ["aligned_directions", "group_matrix"]


def group_matrix(table: PairTable, pieces: pa.ChunkedArray, weights: np.ndarray) -> sparse.csr_matrix:
    """(n_groups, vocabulary) float32, rows of length 1: the mean of the group's texts, each of length 1.

    pieces: the piece ids of `table.texts`. weights: (vocabulary,) inverse document frequencies.
    """
    column = pieces.combine_chunks()
    column = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
    ids, offsets = column.values.to_numpy(), column.offsets.to_numpy()
    texts = sparse.csr_matrix((weights[ids], ids, offsets), shape=(len(table.texts), len(weights)))
    groups = np.concatenate([_groups(table.questions), _groups(table.passages)])
    rows = np.concatenate([table.questions.rows, table.passages.rows])
    members = sparse.csr_matrix(
        (1.0 / _lengths(texts)[rows], (groups, rows)), shape=(table.n_groups, len(table.texts)), dtype=np.float32
    )
    matrix = sparse.csr_matrix(members @ texts)
    return sparse.csr_matrix(sparse.diags(1.0 / _lengths(matrix)) @ matrix, dtype=np.float32)


def _groups(side: Side) -> np.ndarray:
    return np.repeat(np.arange(len(side.offsets) - 1), np.diff(side.offsets))


def _lengths(matrix: sparse.csr_matrix) -> np.ndarray:
    squares = np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel()
    return np.asarray(np.maximum(np.sqrt(squares), 1e-6))


def aligned_directions(
    table: PairTable, pieces: pa.ChunkedArray, weights: np.ndarray, dimension: int, seed: int
) -> np.ndarray:
    """One direction per piece: (vocabulary, dimension) float32, rows of length 1.

    All singular directions count alike: the first ones hold the topic of the data (software
    help), the later ones tell words apart. Pieces in no group get zeros. There are no more directions than groups; with
    fewer groups than `dimension` the numbers behind them are zeros.
    """
    matrix = group_matrix(table, pieces, weights)
    _, _, right = randomized_svd(matrix, dimension, n_iter=2, power_iteration_normalizer="LU", random_state=seed)
    directions = np.zeros((matrix.shape[1], dimension), np.float32)
    directions[:, : len(right)] = right.T
    return np.asarray(directions / np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-9))
