"""Exact search for the passages nearest to each question, the barred and the too close left out.

`faiss.knn` multiplies a block of questions with a block of passages. The served index
(`index/local/vectors.py`) takes one query at a time, which leaves most of that speed unused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import faiss
import numpy as np

from index.errors import InvalidInput
from training.mining.pool import PassagePool

__all__ = ["Found", "MiningOptions", "Question", "nearest_negatives"]

_SPARE = 24
"""Candidates first looked at beyond those wanted; the group's own passages are among the nearest."""

_WIDER = 4
_MOST_LOOKED_AT = 2048
"""Candidates looked at per question before giving up; FAISS on a GPU has the same limit."""


@dataclass(frozen=True, slots=True)
class MiningOptions:
    """What to look for.

    negatives: per question, and at most per group and language. language: "same" as the
    question's, "other" than it, or "any". skip: nearest usable passages left out for each
    question, since the first are often right answers nobody marked. margin: a negative
    scores at least this share of the right passage's score below it (Moreira et al. 2024,
    arXiv 2407.15831, there 0.05). Raises InvalidInput outside the bounds.
    """

    negatives: int = 5
    language: Literal["same", "other", "any"] = "any"
    skip: int = 0
    margin: float = 0.05

    def __post_init__(self) -> None:
        if not 1 <= self.negatives <= 100 or not 0 <= self.skip <= 1000 or not 0 <= self.margin < 1:
            raise InvalidInput(
                f"negatives is {self.negatives} (1 to 100), skip {self.skip} (0 to 1000), margin {self.margin} "
                "(0 to below 1); one of them is out of its bounds."
            )


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a group.

    vector: (dim,) float32, L2-normalised. keys: of all texts of its group.
    positives: language → score of the group's own passage.
    """

    language: str
    vector: np.ndarray
    keys: frozenset[int]
    positives: dict[str, float]


@dataclass(frozen=True, slots=True)
class Found:
    """A negative: its row in the pool, its score, and the right passage's score it was held against."""

    row: int
    score: float
    positive: float


def nearest_negatives(
    questions: Sequence[Question], pool: PassagePool, vectors: np.ndarray, options: MiningOptions
) -> list[list[Found]]:
    """The nearest passages usable as negatives for each question, best first, at most `options.negatives`.

    vectors: (passages, dim) float32, L2-normalised, rows as in the pool.
    Looks at few candidates first, and at four times as many for questions that lack some.
    """
    found: list[list[Found]] = [[] for _ in questions]
    pending = list(range(len(questions)))
    count = options.negatives + options.skip + _SPARE
    while pending:
        unfinished: list[int] = []
        for language, members in _by_language([questions[n] for n in pending], pending, options):
            ranges = _ranges(pool, language, options)
            width = sum(span.stop - span.start for span in ranges)
            scores, rows = _search(np.stack([questions[n].vector for n in members]), vectors, ranges, count)
            for number, row_scores, row_rows in zip(members, scores.tolist(), rows.tolist(), strict=True):
                found[number] = _usable(questions[number], row_rows, row_scores, pool, options)
                if len(found[number]) < options.negatives and count < min(width, _MOST_LOOKED_AT):
                    unfinished.append(number)
        pending, count = unfinished, min(count * _WIDER, _MOST_LOOKED_AT)
    return found


def _by_language(
    questions: Sequence[Question], numbers: Sequence[int], options: MiningOptions
) -> list[tuple[str, list[int]]]:
    """Questions that search the same passages, together."""
    members: dict[str, list[int]] = {}
    for question, number in zip(questions, numbers, strict=True):
        members.setdefault("" if options.language == "any" else question.language, []).append(number)
    return list(members.items())


def _ranges(pool: PassagePool, language: str, options: MiningOptions) -> list[slice]:
    """Rows allowed for a question's language; one language's rows are neighbours."""
    own = pool.spans.get(language, slice(0, 0))
    ranges = [own] if options.language == "same" else [slice(0, own.start), slice(own.stop, len(pool.texts))]
    return [span for span in ranges if span.stop > span.start]


def _search(
    queries: np.ndarray, vectors: np.ndarray, ranges: Sequence[slice], count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Scores and rows of the `count` nearest, best first: (queries, ≤ count · ranges) each."""
    scores, rows = [np.empty((len(queries), 0), dtype=np.float32)], [np.empty((len(queries), 0), dtype=np.int64)]
    for span in ranges:
        part = vectors[span]
        near, places = faiss.knn(queries, part, min(count, len(part)), metric=faiss.METRIC_INNER_PRODUCT)
        scores.append(near)
        rows.append(places + span.start)
    all_scores, all_rows = np.concatenate(scores, axis=1), np.concatenate(rows, axis=1)
    # Beyond the first `count`, one range may have been cut short of a better one.
    order = np.argsort(-all_scores, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(all_scores, order, axis=1), np.take_along_axis(all_rows, order, axis=1)


def _usable(
    question: Question, rows: Sequence[int], scores: Sequence[float], pool: PassagePool, options: MiningOptions
) -> list[Found]:
    lowest = min(question.positives.values())
    usable: list[Found] = []
    for row, score in zip(rows, scores, strict=True):
        if len(usable) == options.negatives + options.skip:
            break
        # Encoders score texts of one language higher, so like is held against like where it can be.
        positive = question.positives.get(pool.language_of(row), lowest)
        if score <= positive - abs(positive) * options.margin and not pool.is_barred(row, question.keys):
            usable.append(Found(row, score, positive))
    return usable[options.skip :]
