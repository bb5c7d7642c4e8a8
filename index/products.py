"""Inner products of one vector with some, on the thread that asks."""

from __future__ import annotations

import faiss
import numpy as np

__all__ = ["inner"]


def inner(vectors: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Compute vectors @ query: (n, dim) and (dim,) float32, contiguous → (n,) float32.

    numpy hands products of this size to several threads, which costs more than it saves when searches run side by side.
    """
    n, dim = vectors.shape
    products = np.empty(n, dtype=np.float32)
    if n:
        faiss.fvec_inner_products_ny(faiss.swig_ptr(products), faiss.swig_ptr(query), faiss.swig_ptr(vectors), dim, n)
    return products
