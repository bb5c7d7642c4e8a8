"""What a benchmark yields: queries, passages and which passages answer which query."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from index.errors import InvalidInput

__all__ = ["Benchmark"]


@dataclass(frozen=True)
class Benchmark:
    """Queries and passages in several languages with their relevance.

    query_languages, passage_languages: one code per text.
    golds: for each query the indices of its relevant passages, in any language.
    contexts: one text per passage that an evaluation may add to it; None when the set has none.
    """

    name: str
    query_ids: list[str]
    queries: list[str]
    query_languages: list[str]
    passages: list[str]
    passage_languages: list[str]
    golds: list[np.ndarray]
    contexts: list[str] | None = None
    languages: list[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "languages", sorted(set(self.query_languages) | set(self.passage_languages)))
        if not self.queries or not self.passages:
            raise InvalidInput(
                f"Benchmark {self.name} has {len(self.queries)} queries and {len(self.passages)} passages."
            )
        for name, gold in zip(self.query_ids, self.golds, strict=True):
            if len(gold) == 0 or len(set(gold.tolist())) != len(gold) or gold.max() >= len(self.passages):
                raise InvalidInput(
                    f"Query {name!r} of {self.name} needs existing, different relevant passages; got {gold}."
                )
