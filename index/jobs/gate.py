"""The gate before a switch: the new version must answer known questions as well as the live one does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from index.collection import Collection
from index.errors import Conflict, MalformedLine, NotFound
from index.languages import decide_language
from index.measures import ndcg, rank_distance, recall
from index.question import MAX_HITS, Question

__all__ = ["GateRefused", "KnownQuestion", "Scores", "judge", "losses", "read_questions"]

_AT_ONCE = 64


class GateRefused(Conflict):
    """A language loses more than the bound, so the alias has not moved."""

    code = "gate_refused"


class KnownQuestion(BaseModel):
    """A query with the ids of the passages that answer it, in any language; language: the query's, None detects it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    query: str = Field(min_length=1)
    relevant: list[str] = Field(min_length=1)
    language: str | None = None


class Scores(BaseModel):
    """Means over one language's questions.

    recall: R@10. ndcg: nDCG@10. rank_distance: over questions with several relevant passages, None without any.
    """

    questions: int
    recall: float
    ndcg: float
    rank_distance: float | None


def read_questions(path: Path) -> list[KnownQuestion]:
    """Read `{"query": …, "relevant": [ids], "language"?: …}` lines; raises NotFound, MalformedLine."""
    if not path.is_file():
        raise NotFound(f"There is no file of questions {path}.", path=str(path))
    questions = list(_questions(path))
    if not questions:
        raise MalformedLine(f"{path} holds no question; a gate needs some of every language that matters.", line=0)
    return questions


def _questions(path: Path) -> Iterator[KnownQuestion]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                question = KnownQuestion.model_validate(json.loads(line.decode("utf-8-sig")))
            except (ValueError, ValidationError, RecursionError) as error:
                raise MalformedLine(f"{path}, line {number}: {error}", line=number) from error
            code = decide_language(question.query, question.language).code
            ids = list(dict.fromkeys(question.relevant))
            yield question.model_copy(update={"language": code, "relevant": ids})


def judge(collection: Collection, questions: Sequence[KnownQuestion]) -> dict[str, Scores]:
    """Language of the queries → how well a collection answers them.

    A relevant passage that is not among the first 1,000 hits counts as rank 1,001.
    """
    ranks: dict[str, list[list[int]]] = {}
    # No more hits than there are passages: an engine elsewhere may refuse to be asked for them.
    depth = max(1, min(MAX_HITS, sum(collection.counts().values())))
    for block in _blocks(questions):
        asked = [Question(question.query, depth, query_language=question.language) for question in block]
        for question, answer in zip(block, collection.answer(asked), strict=True):
            places = {hit.passage.id: place for place, hit in enumerate(answer.hits, start=1)}
            found = [places.get(identity, MAX_HITS + 1) for identity in question.relevant]
            ranks.setdefault(question.language or "", []).append(found)
    return {code: _scores(found) for code, found in sorted(ranks.items())}


def _blocks(questions: Sequence[KnownQuestion]) -> Iterator[tuple[KnownQuestion, ...]]:
    return (tuple(questions[start : start + _AT_ONCE]) for start in range(0, len(questions), _AT_ONCE))


def _scores(ranks: list[list[int]]) -> Scores:
    distances = [distance for found in ranks if (distance := rank_distance(found)) is not None]
    return Scores(
        questions=len(ranks),
        recall=fmean(recall(found) for found in ranks),
        ndcg=fmean(ndcg(found) for found in ranks),
        rank_distance=fmean(distances) if distances else None,
    )


def losses(new: dict[str, Scores], live: dict[str, Scores], bound: float, distance_bound: float) -> list[str]:
    """What the new version loses beyond the bounds, language by language, in words.

    bound: of R@10 and nDCG@10, absolute. distance_bound: of rank distance, in places.
    """
    lost = []
    for code, before in live.items():
        after = new[code]
        for name, one, other in (("R@10", before.recall, after.recall), ("nDCG@10", before.ndcg, after.ndcg)):
            if one - other > bound + 1e-9:
                lost.append(f"{code}: {name} {one:.3f} → {other:.3f}")
        if before.rank_distance is not None and after.rank_distance is not None:
            grown = after.rank_distance - before.rank_distance
            if grown > distance_bound:
                lost.append(f"{code}: rank distance {before.rank_distance:.1f} → {after.rank_distance:.1f}")
    return lost
