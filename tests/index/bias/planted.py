"""Collections whose bias is known because it was put there, and what a report on searching them should say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from index.bias import BiasReport, Means, Reporter

MEANING, LANGUAGE = 96, 64
"""Directions that carry meaning, and others that carry language: unit vectors stay unit vectors whatever is planted."""

SUBJECTS = 50
_OF_LANGUAGE = 0.45
"""Length of a passage's part that carries language; the rest carries meaning."""

_OF_QUERY = 0.5
"""How much of a query lies in the direction in which languages are shifted."""

WIDER = 4


def shares_of(languages: int, kind: str) -> np.ndarray:
    """Shares of a pool, (L,): "equal", "zipf", or "one large": 60 %, 0.1 % for the last, the others alike."""
    if kind == "one large":
        shares = np.full(languages, (1 - 0.6 - 0.001) / (languages - 2))
        shares[0], shares[-1] = 0.6, 0.001
    else:
        shares = 1 / np.arange(1, languages + 1) if kind == "zipf" else np.ones(languages)
    return np.asarray(shares / shares.sum())


@dataclass(frozen=True)
class Planted:
    """A collection in which languages are shifted by known vectors.

    vectors: (n, dim) float32, L2-normalised. languages: (n,) int64. queries: (q, dim) float32. shifts: (L,), the score by
    which each language's passages were shifted for every query.
    """

    vectors: np.ndarray
    languages: np.ndarray
    queries: np.ndarray
    shifts: np.ndarray

    @cached_property
    def counts(self) -> np.ndarray:
        """Passages of each language, (L,)."""
        return np.bincount(self.languages, minlength=len(self.shifts))

    @cached_property
    def offsets(self) -> np.ndarray:
        """The planted offsets, (L,): a language's shift less the mean shift of all passages."""
        return np.asarray(self.shifts - self.counts @ self.shifts / len(self.vectors))

    @cached_property
    def scores(self) -> np.ndarray:
        """Of every passage with every query, (q, n) float32."""
        return np.asarray(self.queries @ self.vectors.T)

    def displaced(self, k: int) -> np.ndarray:
        """Of the first k passages of each query, how many would not be among them without the shifts: (q,) int64."""
        with_shifts, without = _first(self.scores, k), _first(self.scores - self.shifts[self.languages], k)
        return np.array([len(set(a) - set(b)) for a, b in zip(with_shifts.tolist(), without.tolist(), strict=True)])

    def reports(self, k: int) -> list[BiasReport]:
        """What is said of the first k passages of each query, found exactly."""
        held = {code_of(place): self.vectors[self.languages == place] for place in np.flatnonzero(self.counts).tolist()}
        counts = np.array([len(rows) for rows in held.values()])
        means = Means(tuple(held), counts, np.array([rows.mean(axis=0, dtype=np.float64) for rows in held.values()]))
        first = _first(self.scores, WIDER * k)
        found = [
            (self.scores[row, numbers].tolist(), [code_of(place) for place in self.languages[numbers].tolist()], k)
            for row, numbers in enumerate(first)
        ]
        reporter = Reporter(lambda: means, lambda code, most: held[code][:most])
        return reporter.reports(self.queries, found, None)


def code_of(place: int) -> str:
    """A made-up language's code; codes are ordered as their places are."""
    return f"l{place:03}"


def plant(
    shares: np.ndarray,
    shifts: dict[int, float] | None = None,
    passages: int = 10_000,
    queries: int = 100,
    subjects: float | None = None,
    seed: int = 0,
) -> Planted:
    """Make one. shares: (L,). shifts: place → score by which the language is shifted for every query.

    subjects: None lets all languages speak of the same; a number is the concentration of a Dirichlet distribution from
    which each language draws how much it speaks of each of 50 subjects: the lower, the less they have in common.
    """
    rng = np.random.default_rng(seed)
    about = rng.integers(0, SUBJECTS, passages)
    centres, common = _unit(rng.standard_normal((SUBJECTS, MEANING))), _unit(rng.standard_normal(MEANING))
    meaning = _unit(0.55 * centres[about] + 0.85 * _unit(rng.standard_normal((passages, MEANING))) + 0.25 * common)
    languages = _languages(rng, shares, about, subjects)
    planted = np.zeros(len(shares))
    for place, shift in (shifts or {}).items():
        planted[place] = shift
    own = np.zeros((len(shares), LANGUAGE))
    own[:, 0] = planted / _OF_QUERY
    own[np.arange(len(shares)), 1 + np.arange(len(shares))] = np.sqrt(_OF_LANGUAGE**2 - own[:, 0] ** 2)
    vectors = np.concatenate([math.sqrt(1 - _OF_LANGUAGE**2) * meaning, own[languages]], axis=1)
    near = meaning[rng.integers(0, passages, queries)]
    asked = _unit(0.7 * near + 0.6 * _unit(rng.standard_normal((queries, MEANING))))
    toward = np.zeros((queries, LANGUAGE))
    toward[:, 0] = _OF_QUERY
    wanted = np.concatenate([math.sqrt(1 - _OF_QUERY**2) * asked, toward], axis=1)
    order = rng.permutation(passages)
    return Planted(vectors[order].astype(np.float32), languages[order], wanted.astype(np.float32), planted)


def _languages(rng: np.random.Generator, shares: np.ndarray, about: np.ndarray, subjects: float | None) -> np.ndarray:
    if subjects is None:
        # To the passage: a language of 0.1 % has just so many.
        counts = rng.permutation(np.repeat(np.arange(len(shares)), _rounded(shares, len(about))))
        return np.asarray(counts)
    weights = rng.dirichlet(np.full(SUBJECTS, subjects), size=len(shares)) * shares[:, None]
    steps = np.cumsum(weights / weights.sum(axis=0), axis=0)
    return np.asarray((rng.random(len(about)) > steps[:, about]).sum(axis=0)).clip(max=len(shares) - 1)


def _rounded(shares: np.ndarray, total: int) -> np.ndarray:
    counts = np.maximum(np.floor(shares * total).astype(int), 1)
    counts[np.argmax(counts)] += total - counts.sum()
    return counts


def _unit(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))


def _first(scores: np.ndarray, k: int) -> np.ndarray:
    """The k highest of each row, best first."""
    best = np.argpartition(-scores, k, axis=1)[:, :k]
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
    return np.take_along_axis(best, order, axis=1)


def warned(reports: Sequence[BiasReport]) -> np.ndarray:
    """Which reports warn, (q,) bool."""
    return np.array([report.warning is not None for report in reports])


def recovered(made: Planted, before: Planted | None = None) -> float:
    """How far the mean offsets that reports give are from the planted ones, of the planted spread, at worst.

    before: the same collection without shifts, whose own offsets are taken off; None for the shifts alone.
    """
    told = _mean_offsets(made) - (0.0 if before is None else _mean_offsets(before))
    return float(np.abs(told - made.offsets).max() / np.ptp(made.offsets))


def _mean_offsets(made: Planted) -> np.ndarray:
    return np.mean([report.offsets for report in made.reports(10)], axis=0)
