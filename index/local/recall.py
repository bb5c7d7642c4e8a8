"""How hard a graph must look to keep the promised recall, for every language, measured against exact search.

Queries are stored vectors of other languages where there are any, moved by noise of half their length. A passage
asked for among its own finds itself and its near copies at once, and would make the graph look better than it
is to a question in another language.

What so many queries measure may be a little more than what others will find: the effort is raised until the lower end
of a one-sided 95 % interval keeps the promise too, by `_MORE_STEPS` at most, since some graphs come no further.
"""

from __future__ import annotations

from collections.abc import Iterator

import faiss
import numpy as np

from index.local.batch import one_thread
from index.local.effort import EVERYTHING
from index.local.probes import exact_probe, graph_probe, merge
from index.local.segment import ROWS_PER_EFFORT, Segment, slices

__all__ = ["DEPTH", "measure", "tune"]

DEPTH = 10
"""Recall is that of the ten nearest."""

_QUERIES = 1000
_SURE = 1.645
"""Standard errors that 95 % of measurements do not exceed."""

_MORE_STEPS = 2
_NOISE = 0.5
_EFFORTS = (32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096)


def tune(segment: Segment, promised: float, seed: int = 0) -> tuple[dict[str, int], dict[str, float]]:
    """The least `efSearch` that keeps the promise, and the recall measured with it.

    Both by language, and under `EVERYTHING` for all together. Languages for which the exact scan is no slower
    than the graph are left out: they are searched exactly.
    """
    rng = np.random.default_rng(seed)
    effort: dict[str, int] = {}
    recall: dict[str, float] = {}
    for code, rows in _choices(segment):
        least, reached = _least_effort(segment, code, rows, promised, rng)
        if least is not None:
            effort[code], recall[code] = least, round(reached, 4)
    return effort, recall


def measure(segment: Segment, seed: int = 0) -> dict[str, float]:
    """Recall of a segment's graph as it is searched, by language, with queries drawn anew."""
    rng = np.random.default_rng(seed)
    measured = {}
    for code, rows in _choices(segment):
        if code in segment.facts.effort:
            queries = _queries(segment, rows, rng)
            exact = _exact(segment, code, queries)
            measured[code] = float(_shares(segment, code, segment.facts.effort[code], queries, exact).mean())
    return measured


def _choices(segment: Segment) -> Iterator[tuple[str, slice]]:
    yield EVERYTHING, slice(0, segment.facts.rows)
    for code, rows in slices(segment.facts.languages):
        if rows.stop - rows.start > ROWS_PER_EFFORT * _EFFORTS[0]:
            yield code, rows


def _least_effort(
    segment: Segment, code: str, rows: slice, promised: float, rng: np.random.Generator
) -> tuple[int | None, float]:
    queries = _queries(segment, rows, rng)
    exact = _exact(segment, code, queries)
    first: tuple[int, float] | None = None
    more = _MORE_STEPS
    for effort in _EFFORTS:
        if rows.stop - rows.start <= ROWS_PER_EFFORT * effort or more < 0:
            break
        shares = _shares(segment, code, effort, queries, exact)
        reached = float(shares.mean())
        if reached - _SURE * float(shares.std()) / len(shares) ** 0.5 >= promised:
            return effort, reached
        if reached >= promised:
            first = first or (effort, reached)
            more -= 1
    return first or (None, 1.0)


def _shares(segment: Segment, code: str, effort: int, queries: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """Share, 0 to 1, of the exact ten nearest that a graph finds with some effort, of each query, (n,) float64.

    queries: (n, dim) float32. exact: (n, 10) scores of the exact ten nearest; what scores as high as the tenth counts.
    """
    mask = None
    if code != EVERYTHING:
        mask = np.zeros(segment.facts.rows, dtype=bool)
        mask[dict(slices(segment.facts.languages))[code]] = True
    scores, numbers = graph_probe(segment.graph, segment.numbers, mask, effort).nearest(queries, DEPTH)
    good = (scores >= exact[:, -1:] - 1e-6) & (numbers >= 0)
    return np.asarray(good.mean(axis=1))


def _exact(segment: Segment, code: str, queries: np.ndarray) -> np.ndarray:
    parts = segment.parts.values() if code == EVERYTHING else [segment.parts[code]]
    with one_thread():
        return merge([exact_probe(part, None).nearest(queries, DEPTH) for part in parts], len(queries), DEPTH)[0]


def _queries(segment: Segment, rows: slice, rng: np.random.Generator) -> np.ndarray:
    everywhere = np.arange(segment.facts.rows)
    others = np.delete(everywhere, rows)
    drawn = rng.choice(
        others if len(others) >= _QUERIES else everywhere, min(_QUERIES, segment.facts.rows), replace=False
    )
    vectors = segment.storage.reconstruct_batch(np.sort(drawn).astype(np.int64))
    noise = rng.standard_normal(vectors.shape).astype(np.float32)
    faiss.normalize_L2(noise)
    moved = vectors + _NOISE * noise
    faiss.normalize_L2(moved)
    return np.asarray(moved)
