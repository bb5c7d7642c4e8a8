"""Vectors and words together, without the words choosing the languages.

Words are evidence within a language: between languages only names and numbers are written alike, and fusing over all
passages hurts a search across languages as much as it helps one within (docs/hybrid.md has the table). So the list of
the vectors decides *which language stands on which place*, and the words decide *which passages of the query's own
language* stand on the places that language has. A search in the query's language alone gains all that fusion can
give, one in other languages stays exactly as it was, and no language gets a place it had not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from index.answer import Hit
from index.backend import PassageIndex, WordIndex
from index.errors import InvalidInput
from index.lexical.fusion import DEPTH, weighed
from index.question import Scope

__all__ = ["by_words", "channel_of", "hybrid"]


def channel_of(index: PassageIndex) -> WordIndex:
    """The words of a collection; raises InvalidInput where the backend has none."""
    if index.lexical is None:
        raise InvalidInput(
            f"Collection {index.name!r} is kept in Milvus, where words cannot be searched yet; use mode 'dense', "
            "or keep it in a folder of this machine (ISOGLOT_INDEX=local).",
            collection=index.name,
        )
    return index.lexical


def by_words(index: PassageIndex, query: str, vector: np.ndarray, scope: Scope, searched: Sequence[str]) -> list[Hit]:
    """The passages of some languages with the highest BM25, each language by its own words."""
    return channel_of(index).search(query, vector, scope.k, searched, scope.where)


def hybrid(
    index: PassageIndex, query: str, vector: np.ndarray, scope: Scope, hits: list[Hit], among: Sequence[str]
) -> list[Hit]:
    """A list of hits with each language's in the order of vectors and words together, on the places they had.

    vector: (dim,) float32, the query's, L2-normalised. hits: what stands where without words, by whatever rule. among:
    languages that words may move; the hits of others stay as they are.
    """
    channel_of(index).require_ready()
    fused = list[Hit | None](hits)
    for code in among:
        at = [place for place, hit in enumerate(hits) if hit.passage.language == code]
        if at:
            best = _in_language(index, query, vector, Scope(max(DEPTH, len(at)), (code,), scope.where), code)
            fused = _put(fused, at, best) if best else fused
    return [hit for hit in fused if hit is not None]


def _put(hits: list[Hit | None], at: Sequence[int], best: Sequence[Hit]) -> list[Hit | None]:
    # Where a passage was deleted meanwhile the last place may stay empty.
    changed = list(hits)
    for number, place in enumerate(at):
        changed[place] = best[number] if number < len(best) else None
    return changed


def _in_language(index: PassageIndex, query: str, vector: np.ndarray, scope: Scope, code: str) -> list[Hit]:
    """Passages of one language by `weighed`, best first; none where no word of the query stands in any."""
    words = channel_of(index)
    told = words.search(query, vector, scope.k, [code], scope.where)
    if not told:
        return []
    scores = {hit.passage.id: hit.lexical_score for hit in told}
    near = index.search(vector[None, :], scope)[0]
    known = {hit.passage.id for hit in near}
    candidates = [replace(hit, lexical_score=scores.get(hit.passage.id)) for hit in near]
    candidates += [hit for hit in told if hit.passage.id not in known]
    bm25 = np.array([hit.lexical_score or 0.0 for hit in candidates])
    fused = weighed(np.array([hit.score for hit in candidates]), bm25, words.attainable(query, code))
    return [candidates[row] for row in np.argsort(-fused, kind="stable").tolist()]
