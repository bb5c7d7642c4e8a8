"""Vectors and words together, without the words choosing the languages.

Words are evidence within a language. Between languages only names and numbers are written alike, so an order of words
over all passages puts the query's language first, and fusing with it hurts a search across languages as much as it
helps one within (docs/hybrid.md has the table). So the list of the vectors, or of a merge rule, decides *which language
stands on which place*, and words decide with the vectors *which passages of a language* stand on its places. No
language gets a place it had not.
"""

from __future__ import annotations

from itertools import zip_longest

import numpy as np

from index.answer import Hit
from index.backend import PassageIndex, WordIndex
from index.errors import InvalidInput
from index.question import Scope

__all__ = ["carry_words", "channel_of", "hybrid"]


def channel_of(index: PassageIndex) -> WordIndex:
    """The words of a collection; raises InvalidInput where the backend has none."""
    if index.lexical is None:
        raise InvalidInput(
            f"Collection {index.name!r} is kept in Milvus, where words cannot be searched yet; use mode 'dense', "
            "or keep it in a folder of this machine (ISOGLOT_INDEX=local).",
            collection=index.name,
        )
    return index.lexical


def carry_words(old: PassageIndex, new: PassageIndex) -> None:
    """Switch lexical search on in a new version of a collection where the old one has it, and build it."""
    if old.lexical is None or new.lexical is None or old.lexical.info()["state"] == "off":
        return
    new.lexical.switch(True)
    new.lexical.build()


def hybrid(index: PassageIndex, query: str, vector: np.ndarray, scope: Scope, hits: list[Hit]) -> list[Hit]:
    """A list of hits with each language's in the order of vectors and words together, on the places they had.

    vector: (dim,) float32, the query's, L2-normalised. hits: what stands where without words, by whatever rule.
    Raises InvalidInput while lexical search is off, Conflict until it is built.
    """
    words = channel_of(index)
    words.require_ready()
    fused = list[Hit | None](hits)
    for code in dict.fromkeys(hit.passage.language for hit in hits):
        at = [place for place, hit in enumerate(hits) if hit.passage.language == code]
        best = words.fused(query, vector, len(at), code, scope.where)
        if best:
            # Where a passage was deleted meanwhile the last place may stay empty.
            for place, hit in zip_longest(at, best):
                fused[place] = hit
    return [hit for hit in fused if hit is not None]
