"""What was fitted from a sample of a collection's vectors, and how it is kept."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from index.products import inner

__all__ = ["DIRECTIONS", "Fitted"]

DIRECTIONS = 4
"""Singular directions kept for each language; `lir` uses the first one unless told otherwise."""

_VERSION = 1


@dataclass(frozen=True)
class Fitted:
    """Directions and spreads of each language, and of what they were fitted.

    fingerprint: the encoder's. languages: sorted by code. counts: (L,) int64, passages at fitting.
    directions: (L, 4, dim) float32, orthonormal: first right singular vectors of the vectors as they are; zeros where a
    sample has fewer. axes: (L, r, dim) float32, first principal axes, each as long as the standard deviation along it,
    of what `rest` leaves. rest: (L,) float64, the mean variance along all other axes.
    """

    fingerprint: str
    languages: tuple[str, ...]
    counts: np.ndarray
    directions: np.ndarray
    axes: np.ndarray
    rest: np.ndarray

    def spreads(self, query: np.ndarray) -> np.ndarray:
        """sqrt(qᵀ Sigma_L q) of a query, (dim,), for each language: (L,) float64.

        Sigma_L is taken as its first axes and one variance for all others (probabilistic principal components, Tipping
        and Bishop 1999): some tens of products a language for the square of the dimension.
        """
        n_languages, count, dim = self.axes.shape
        along = inner(self.axes.reshape(n_languages * count, dim), query).reshape(n_languages, count)
        squares = np.einsum("lr,lr->l", along, along, dtype=np.float64)
        return np.asarray(np.sqrt(squares + self.rest * float(query.dot(query))))

    def is_outgrown(self, counts: Mapping[str, int], fingerprint: str, share: float) -> bool:
        """Whether it is time to fit again.

        When more than a share of the passages fitted has come or gone, or half a language, or the encoder is another.
        """
        known = dict(zip(self.languages, self.counts.tolist(), strict=True))
        moved = {code: abs(counts.get(code, 0) - known.get(code, 0)) for code in {*counts, *known}}
        return (
            fingerprint != self.fingerprint
            or sum(moved.values()) > share * sum(known.values())
            or any(change > 0.5 * known.get(code, 0) for code, change in moved.items())
        )

    def as_json(self) -> dict[str, Any]:
        """What it was fitted of, for people."""
        return {"passages": int(self.counts.sum()), "languages": list(self.languages)}

    def save(self, path: Path) -> None:
        """Write it to a file, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, suffix=".part", delete=False) as file:
            np.savez(
                file, version=np.array(_VERSION), fingerprint=np.array(self.fingerprint),
                languages=np.array(self.languages), counts=self.counts, directions=self.directions, axes=self.axes,
                rest=self.rest,
            )  # fmt: skip
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(path)

    @classmethod
    def load(cls, path: Path) -> Fitted | None:
        """What was saved; None where there is nothing, or nothing that can be read: it is then fitted anew."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
                if int(held["version"]) != _VERSION:
                    return None
                languages = tuple(str(code) for code in held["languages"])
                arrays = {name: held[name] for name in ("counts", "directions", "axes", "rest")}
                return cls(str(held["fingerprint"]), languages, **arrays)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
