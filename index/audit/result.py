"""What an audit found, as plain data: the JSON that `isoglot audit` and `POST /audit` give."""

from __future__ import annotations

from pydantic import BaseModel, Field

__all__ = ["Audit", "Estimate", "HitSeen", "RuleResult", "SideBySide"]


class Estimate(BaseModel):
    """A mean over questions with its 95 % interval, and the difference to merging by raw score, paired by question.

    low, high: bootstrap over questions. difference, difference_low, difference_high: None for raw score itself.
    """

    mean: float
    low: float
    high: float
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None


class RuleResult(BaseModel):
    """One merge rule.

    measures: by name; one that says nothing about these questions is left out. hit_shares: query language × passage
    language, share among the first ten hits, null where a query language has no hit. is_best: no other rule is at
    least as good in relevance and in evenness and better in one.
    """

    rule: str
    measures: dict[str, Estimate]
    hit_shares: list[list[float | None]]
    is_best: bool = Field(False, description="On the Pareto front of relevance against evenness.")


class HitSeen(BaseModel):
    """A hit of the side-by-side view."""

    id: str
    language: str
    title: str | None
    text: str = Field(description="Its beginning.")
    is_relevant: bool


class SideBySide(BaseModel):
    """A question whose results change most with its language: what each language is answered."""

    id: str
    overlap: float
    questions: dict[str, str]
    hits: dict[str, list[HitSeen]] = Field(description="Query language → its first hits, by raw score.")


class Audit(BaseModel):
    """An audit.

    pool: language → passages. offsets: query language × passage language, the mean score by which a random passage of
    the language starts ahead. relevance, evenness: the measures that `recommendation` weighs, named.
    """

    collection: str
    encoder: str
    at: str = Field(description="When, ISO 8601, UTC.")
    questions: int
    asked: int = Field(description="Questions times languages.")
    depth: int
    with_relevant: int = Field(description="Questions whose relevant passages are known.")
    query_languages: list[str]
    asked_by_language: dict[str, int]
    pool: dict[str, int]
    offsets: list[list[float]]
    rules: list[RuleResult]
    relevance: str
    evenness: str
    recommendation: str = Field(description="A rule's name.")
    sentence: str = Field(description="What was found, in plain words.")
    worst: list[SideBySide]
