"""Evaluation texts made findable: whole texts, and every run of `run` units of them.

Looking up every window of a training text would cost a binary search a character. A shared
run of `run` units holds all windows of `run // 2` units that begin inside its first half,
so one window in every `run - run // 2 + 1` positions is enough to meet it (see `suspects`);
only texts met so are looked at closely (`match`), and there every find is compared unit by
unit, because equal hashes do not prove equal texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.normalise import SEPARATOR, Units, to_units

__all__ = ["LEAST_EQUAL", "LeakIndex", "Match", "window_hashes"]

LEAST_EQUAL = 20
"""Shorter texts (units) are never called leaked: names, numbers and "yes" are equal by chance."""

_BASE = 0x9E3779B97F4A7C15
_SECOND_BASE = 0xC2B2AE3D27D4EB4F
_MODULUS = 1 << 64


def window_hashes(codes: np.ndarray, length: int) -> np.ndarray:
    """Polynomial hash modulo 2^64 of each window of `length` along the last axis.

    codes: (…, n) uint32 with n ≥ length. Returns (…, n - length + 1) uint64. Windows are
    doubled until two overlapping ones cover the length, so the cost grows with its logarithm.
    """
    hashes = codes.astype(np.uint64)
    width = 1
    while width * 2 <= length:
        hashes = hashes[..., :-width] * np.uint64(pow(_BASE, width, _MODULUS)) + hashes[..., width:]
        width *= 2
    last = hashes.shape[-1] - (length - width)
    covered: np.ndarray = hashes[..., :last] * np.uint64(_SECOND_BASE) + hashes[..., length - width :]
    return covered


@dataclass(frozen=True, slots=True)
class Match:
    """Where a training text meets an evaluation text.

    evaluation: number of the evaluation text. start, length: the shared run in the training
    text, units; the whole text when `is_equal`.
    """

    evaluation: int
    is_equal: bool
    start: int
    length: int


class LeakIndex:
    """The evaluation texts, indexed; about 55 bytes a unit while it is made.

    run: shortest shared run to find, units; at least `LEAST_EQUAL`.
    """

    def __init__(self, evaluation: Sequence[str], run: int) -> None:
        self.run = run
        self.part = run // 2
        self.stride = run - self.part + 1
        self._units = to_units(evaluation)
        codes, starts, ends = self._units.codes, self._units.starts, self._units.ends
        self._equal: dict[bytes, int] = {}
        for number in np.flatnonzero(ends - starts >= LEAST_EQUAL).tolist():
            self._equal.setdefault(codes[starts[number] : ends[number]].tobytes(), number)
        self._heads = np.unique(_heads(self._units)[1])
        hashes, _ = self._windows(self.part)
        self._parts = np.unique(hashes)
        hashes, positions = self._windows(run)
        order = np.argsort(hashes, kind="stable")
        self._runs, self._positions = hashes[order], positions[order]

    def _windows(self, length: int) -> tuple[np.ndarray, np.ndarray]:
        """Hashes and positions of the windows that lie within one text."""
        codes = self._units.codes
        if len(codes) < length:
            return np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int64)
        ended = np.concatenate([[0], np.cumsum(codes == SEPARATOR)])
        inside = np.flatnonzero(ended[length:] == ended[:-length])
        return window_hashes(codes, length)[inside], inside

    def suspects(self, units: Units) -> np.ndarray:
        """Numbers of the texts that may have leaked, ascending: (n,) int64; none that has is left out."""
        rows, hashes = _heads(units)
        suspects: np.ndarray = rows[_among(hashes, self._heads)]
        if len(units.codes) < self.part:
            return suspects
        windows = np.lib.stride_tricks.sliding_window_view(units.codes, self.part)[:: self.stride]
        met = np.flatnonzero(_among(window_hashes(windows, self.part)[:, 0], self._parts)) * self.stride
        return np.union1d(suspects, np.searchsorted(units.starts, met, side="right") - 1)

    def match(self, text: np.ndarray) -> Match | None:
        """Look at one text closely: equal to an evaluation text, or else its first shared run.

        text: (n,) uint32 units without separator.
        """
        equal = self._equal.get(text.tobytes()) if len(text) >= LEAST_EQUAL else None
        if equal is not None:
            return Match(equal, True, 0, len(text))
        if len(text) < self.run:
            return None
        hashes = window_hashes(text, self.run)
        for start in np.flatnonzero(_among(hashes, self._runs)).tolist():
            first, last = (int(np.searchsorted(self._runs, hashes[start], side=side)) for side in ("left", "right"))
            for position in self._positions[first:last].tolist():
                length = _common(text[start:], self._units.codes[position:])
                if length >= self.run:
                    evaluation = int(np.searchsorted(self._units.starts, position, side="right")) - 1
                    return Match(evaluation, False, start, length)
        return None


def _heads(units: Units) -> tuple[np.ndarray, np.ndarray]:
    """Texts of at least LEAST_EQUAL units and the hashes of their beginnings."""
    rows = np.flatnonzero(units.ends - units.starts >= LEAST_EQUAL)
    heads = units.codes[units.starts[rows][:, np.newaxis] + np.arange(LEAST_EQUAL)]
    return rows, window_hashes(heads, LEAST_EQUAL)[:, 0]


def _among(values: np.ndarray, ordered: np.ndarray) -> np.ndarray:
    if not len(ordered):
        return np.zeros(len(values), dtype=bool)
    places = np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)
    found: np.ndarray = ordered[places] == values
    return found


def _common(left: np.ndarray, right: np.ndarray) -> int:
    """Length of the common beginning; separators end it, since `left` has none."""
    shorter = min(len(left), len(right))
    unequal = np.flatnonzero(left[:shorter] != right[:shorter])
    return int(unequal[0]) if len(unequal) else shorter
