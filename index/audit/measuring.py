"""What every question says under one rule: a number for each measure, averaged over its languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from statistics import fmean

import numpy as np

from index.audit.asking import Asked, Row
from index.audit.questions import ParallelQuestion
from index.bias.ndkl import ndkl
from index.measures import ndcg, rank_distance, recall

__all__ = ["CUT", "MEASURES", "hit_shares", "measured", "overlap", "rank_correlation"]

CUT = 10
"""Hits that readers look at, and that every measure but rank distance counts."""

MEASURES: dict[str, tuple[str, bool]] = {
    "nDCG@10": ("How high the relevant passages stand (Järvelin and Kekäläinen 2002).", True),
    "R@10": ("Share of the relevant passages among the first ten.", True),
    "Comp@10": ("Whether the first ten hold every relevant passage (arXiv 2604.05684; inferred from its name).", True),
    "rank_distance": (
        "Places between a question's best and worst ranked relevant passage (arXiv 2408.10536, section 4.1); one "
        "beyond the depth counts as the place after it.",
        False,
    ),
    "NDKL@10": (
        "How far the languages of the hits are from those of the pool (Geyik et al., KDD 2019, section 3).",
        False,
    ),
    "overlap@10": (
        "Share of hits that stay when the question is asked in another language: mean Jaccard index of the first "
        "ten over all pairs of languages (own definition).",
        True,
    ),
    "MRC@10": (
        "How alike the order stays: mean Spearman correlation, over pairs of languages, of the ranks of all that is "
        "among either's first ten (after LaKDA, MRL 2024, by ranks in place of scores).",
        True,
    ),
}
"""Name → what it says, and whether more is better."""


def measured(
    questions: Sequence[ParallelQuestion], rows: Sequence[Row], asked: Asked, pool: Mapping[str, float], depth: int
) -> dict[str, np.ndarray]:
    """Measure → (n_questions,) float64, NaN where a question says nothing.

    pool: each language's share of the passages. depth: hits asked for in each row.
    """
    values = {name: np.full(len(questions), np.nan) for name in MEASURES}
    for number, members in enumerate(_members(len(questions), rows)):
        question = questions[number]
        ids = [asked.ids[row] for row in members]
        found = _relevance(question.relevant, ids, depth) if question.relevant else {}
        if len(pool) > 1:
            found["NDKL@10"] = _ndkl([asked.languages[row] for row in members], pool)
        found |= _agreement(ids)
        for name, value in found.items():
            values[name][number] = value
    return values


def _members(n_questions: int, rows: Sequence[Row]) -> list[list[int]]:
    members: list[list[int]] = [[] for _ in range(n_questions)]
    for place, row in enumerate(rows):
        members[row.question].append(place)
    return members


def _ndkl(languages: Sequence[Sequence[str]], pool: Mapping[str, float]) -> float:
    """Mean over the languages of one question; NaN when none has a hit."""
    place = {code: number for number, code in enumerate(pool)}
    hits = np.full((len(languages), CUT), -1)
    for line, codes in enumerate(languages):
        hits[line, : len(codes[:CUT])] = [place[code] for code in codes[:CUT]]
    found = ndkl(hits, np.fromiter(pool.values(), dtype=np.float64))
    told = found[np.isfinite(found)]
    return float(told.mean()) if len(told) else float("nan")


def _relevance(relevant: Sequence[str], ids: Sequence[Sequence[str]], depth: int) -> dict[str, float]:
    ranks = []
    for found in ids:
        places = {identity: place for place, identity in enumerate(found, start=1)}
        ranks.append([places.get(identity, depth + 1) for identity in relevant])
    values = {"nDCG@10": fmean(map(ndcg, ranks)), "R@10": fmean(map(recall, ranks))}
    if len(relevant) <= CUT:
        values["Comp@10"] = fmean(max(row) <= CUT for row in ranks)
    if len(relevant) > 1:
        values["rank_distance"] = fmean(rank_distance(row) or 0 for row in ranks)
    return values


def _agreement(ids: Sequence[Sequence[str]]) -> dict[str, float]:
    pairs = list(combinations(ids, 2))
    if not pairs:
        return {}
    correlations = [value for a, b in pairs if (value := rank_correlation(a, b)) is not None]
    found = {"overlap@10": fmean(overlap(a, b) for a, b in pairs)}
    return found | ({"MRC@10": fmean(correlations)} if correlations else {})


def overlap(a: Sequence[str], b: Sequence[str]) -> float:
    """Jaccard index of the first ten of two lists of ids.

    >>> overlap(["x", "y"], ["y", "z"])
    0.3333333333333333
    """
    one, other = set(a[:CUT]), set(b[:CUT])
    return len(one & other) / len(one | other) if one | other else 1.0


def rank_correlation(a: Sequence[str], b: Sequence[str]) -> float | None:
    """Spearman's correlation of two lists' ranks of whatever is among either's first ten; None for fewer than two.

    An id that one list does not reach ranks behind all that it holds.

    >>> rank_correlation(["x", "y", "z"], ["z", "y", "x"])
    -1.0
    """
    union = list(dict.fromkeys([*a[:CUT], *b[:CUT]]))
    ranks = [_mean_ranks([_place(ids, identity) for identity in union]) for ids in (a, b)]
    spread = float(np.std(ranks[0]) * np.std(ranks[1]))
    return float(np.mean(ranks[0] * ranks[1]) / spread) if spread else None


def _place(ids: Sequence[str], identity: str) -> int:
    return ids.index(identity) if identity in ids else len(ids)


def _mean_ranks(places: list[int]) -> np.ndarray:
    """Ranks about their mean, ties at their mean rank."""
    values = np.array(places)
    below = (values[:, None] > values).sum(axis=1)
    equal = (values[:, None] == values).sum(axis=1)
    ranks = below + (equal - 1) / 2
    return np.asarray(ranks - ranks.mean())


def hit_shares(rows: Sequence[Row], asked: Asked, asking: Sequence[str], answering: Sequence[str]) -> np.ndarray:
    """Share of each passage language among the first ten hits, by query language: (n_asking, n_answering) float64.

    NaN for a query language without a hit.
    """
    counts = np.zeros((len(asking), len(answering)))
    place = {code: column for column, code in enumerate(answering)}
    for row, languages in zip(rows, asked.languages, strict=True):
        for code in languages[:CUT]:
            counts[asking.index(row.language), place[code]] += 1
    total = counts.sum(axis=1, keepdims=True)
    return np.asarray(counts / np.where(total, total, np.nan))
