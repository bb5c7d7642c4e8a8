"""A collection's corrections: its means as they are, what was fitted beside them, and when to fit again."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Protocol

import numpy as np

from index.bias.means import Means
from index.errors import IsoglotError
from index.merging.fitted import Fitted
from index.merging.fitting import SAMPLE, fit
from index.merging.statistics import Statistics

__all__ = ["FITTED", "GROWTH", "Corrections"]

FITTED = "corrections.npz"
"""The file of a collection's folder that holds what was fitted."""

GROWTH = 0.2
"""Share of the passages fitted that may come or go before it is fitted again, in the background."""

_REMEMBERED = 64
"""Choices of languages whose statistics are kept."""

log = logging.getLogger(__name__)


class _Vectors(Protocol):
    """What corrections need of an index."""

    @property
    def name(self) -> str:
        """The collection's name."""

    def means(self) -> Means:
        """The mean vector of each language."""

    def sample(self, language: str, most: int) -> np.ndarray:
        """Vectors of a language, (n, dim) float32."""

    def derived(self) -> Path | None:
        """A folder for files that can be made again."""


class Corrections:
    """What merge rules know of one collection; safe for threads.

    fingerprint: the encoder's. What is fitted is kept in the collection's folder, where there is one, and fitted again
    in a thread when passages have come or gone; searches go on with what there was.
    """

    def __init__(self, index: _Vectors, fingerprint: str) -> None:
        self._index, self._fingerprint = index, fingerprint
        self._fitting, self._choices = threading.Lock(), threading.Lock()
        self._known: dict[tuple[str, ...] | None, Statistics] = {}
        self._means: Means | None = None
        self._seen: Means | None = None
        self._fitted: Fitted | None = None
        self._is_read = False
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def statistics(self, languages: tuple[str, ...] | None, needs_fitting: bool) -> Statistics:
        """What is known of some languages, all for None.

        needs_fitting: fit now if nothing ever was, which the first to ask waits for (a second or two), and see whether
        it is time to fit again.
        """
        means = self._index.means()
        if needs_fitting:
            self._prepare(means)
        with self._choices:
            if means is not self._means or len(self._known) >= _REMEMBERED:
                self._known, self._means = {}, means
            held = self._known.get(languages)
            if held is None or held.fitted is not self._fitted:
                pool = means if languages is None else means.among(languages)
                held = self._known[languages] = Statistics(pool, self._fitted)
            return held

    def fitted(self) -> Fitted | None:
        """What was fitted last; None when nothing was."""
        with self._fitting:
            if not self._is_read:
                self._read()
        return self._fitted

    def is_current(self) -> bool:
        """Whether what was fitted need not be fitted again."""
        fitted = self.fitted()
        return fitted is not None and not fitted.is_outgrown(_counts(self._index.means()), self._fingerprint, GROWTH)

    def fit(self) -> Fitted:
        """Fit anew, now, and keep it."""
        with self._fitting:
            means = self._index.means()
            samples = {code: self._index.sample(code, SAMPLE) for code in means.languages}
            self._fitted, self._is_read = fit(samples, _counts(means), self._fingerprint), True
            self._keep(self._fitted)
            return self._fitted

    def _prepare(self, means: Means) -> None:
        if self._seen is means:
            return  # nothing has been written since this was last looked at
        fitted = self.fitted()
        if not means.languages:
            return
        if fitted is None or not fitted.languages or fitted.fingerprint != self._fingerprint:
            self.fit()
        elif fitted.is_outgrown(_counts(means), self._fingerprint, GROWTH):
            self._fit_beside()
        self._seen = means

    def _read(self) -> None:
        folder = self._index.derived()
        self._fitted, self._is_read = None if folder is None else Fitted.load(folder / FITTED), True

    def _keep(self, fitted: Fitted) -> None:
        folder = self._index.derived()
        if folder is None:
            return
        try:
            fitted.save(folder / FITTED)
        except OSError as error:  # it serves all the same, and can be fitted again
            log.warning("Collection %s: its corrections could not be kept (%s).", self._index.name, error)

    def _fit_beside(self) -> None:
        with self._choices:
            if self._is_closed or (self._thread is not None and self._thread.is_alive()):
                return
            self._thread = threading.Thread(
                target=self._fit_quietly, name=f"corrections of {self._index.name}", daemon=True
            )
            self._thread.start()

    def _fit_quietly(self) -> None:
        try:
            self.fit()
        except (IsoglotError, OSError, ValueError, np.linalg.LinAlgError) as error:
            if not self._is_closed:
                log.warning("Collection %s: its corrections could not be fitted (%s).", self._index.name, error)

    def close(self) -> None:
        """Wait for a fit that is under way."""
        self._is_closed = True
        if self._thread is not None:
            self._thread.join()


def _counts(means: Means) -> dict[str, int]:
    return dict(zip(means.languages, means.counts.tolist(), strict=True))
