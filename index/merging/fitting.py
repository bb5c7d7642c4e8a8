"""Fitting what some rules ask for from a sample of a collection's vectors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from index.merging.fitted import DIRECTIONS, Fitted

__all__ = ["SAMPLE", "fit"]

SAMPLE = 2000
"""Vectors of each language that are looked at, at most."""

_AXES = 32
"""Principal axes kept of each language."""

_FEWEST = 8
"""With fewer vectors than this a language has no directions of its own, and its spread is that of all languages."""


def fit(samples: Mapping[str, np.ndarray], counts: Mapping[str, int], fingerprint: str) -> Fitted:
    """Directions and spreads from a sample of each language's vectors, (n, dim) float32.

    counts: language → passages, of which the samples are. Some 50 ms a language at 384 dimensions.
    """
    known = sorted(code for code, vectors in samples.items() if len(vectors) >= _FEWEST and code in counts)
    dim = next((vectors.shape[1] for vectors in samples.values()), 0)
    directions = np.zeros((len(known), DIRECTIONS, dim), dtype=np.float32)
    axes = np.zeros((len(known), min(_AXES, dim), dim), dtype=np.float32)
    rest = np.zeros(len(known))
    for place, code in enumerate(known):
        vectors = samples[code].astype(np.float64)
        found = _singular(vectors)[1][:DIRECTIONS]
        directions[place, : len(found)] = found
        rest[place] = _principal(vectors, axes[place])
    held = np.array([counts[code] for code in known], dtype=np.int64)
    return Fitted(fingerprint, tuple(known), held, directions, axes, rest)


def _singular(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Squared singular values and right singular vectors, largest first, those of 0 left out."""
    n, dim = vectors.shape
    # The eigenvectors of the smaller product give the same, and its size is the dimension at most.
    values, found = np.linalg.eigh(vectors.T @ vectors if dim <= n else vectors @ vectors.T)
    values, found = values[::-1], found[:, ::-1]
    kept = values > 1e-9 * max(float(values[0]), 1e-30)
    values, found = values[kept], found[:, kept]
    if dim > n:
        found = vectors.T @ found / np.sqrt(values)
    return values, found.T


def _principal(vectors: np.ndarray, axes: np.ndarray) -> float:
    """Fill axes, (r, dim), with what stands out of the mean variance of the others, which is returned."""
    centred = vectors - vectors.mean(axis=0)
    values, found = _singular(centred)
    variances = values / len(centred)
    kept = min(len(axes), len(variances))
    rest = float(variances[kept:].sum() / max(1, axes.shape[1] - kept))
    axes[:kept] = np.sqrt(np.maximum(variances[:kept] - rest, 0))[:, None] * found[:kept]
    return rest
