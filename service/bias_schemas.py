"""Shapes of bias reports, as pydantic models: what `/docs` shows."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

__all__ = ["BaselineOut", "Bias", "BiasWatch", "DriftOut", "LanguageBias", "WatchedOut"]


class LanguageBias(BaseModel):
    """What an answer does for one of the languages searched."""

    language: str
    passages: int
    pool_share: float = Field(description="Its share of the passages searched, 0 to 1.")
    hits: int
    hit_share: float = Field(description="Its share of the hits, 0 to 1.")
    lift: float | None = Field(description="hit_share / pool_share; 1 is even. Null when nothing was found.")
    offset: float = Field(
        description="The score by which a random passage of it starts ahead of one of the pool with this query: "
        "q · (mu_L − mu). Its subjects count in: where languages hold different texts, so does what they say."
    )


class Bias(BaseModel):
    """What one answer favours; docs/bias.md says what these numbers can and cannot tell."""

    languages: list[LanguageBias] = Field(description="The languages searched, most hits first.")
    ndkl: float | None = Field(
        description="How far the hits' languages are from the pool's; null when nothing was found."
    )
    ndkl_by_chance: float | None = Field(
        description="What NDKL exceeds in one answer of twenty when chance draws the hits from the pool."
    )
    spread: float = Field(description="Greatest less smallest offset.")
    sentence: str
    warning: str | None = Field(
        description="Told only when a language's offset brings or costs it hits beyond chance; null under a filter on "
        "metadata and under any merge rule but the raw score."
    )


class WatchedOut(BaseModel):
    """What searches in one language have favoured."""

    query_language: str
    searches: int
    hits: dict[str, int] = Field(description="Hit language → hits: a row of the matrix.")
    offsets: dict[str, float] = Field(
        description="Language → mean offset of the queries, against the passages as they are now."
    )


class BaselineOut(BaseModel):
    """The audit that later searches are compared with."""

    made: str = Field(description="When, ISO 8601.")
    queries: dict[str, int] = Field(description="Query language → queries asked in it.")


class DriftOut(BaseModel):
    """How one mean offset has changed since the last audit."""

    query_language: str
    language: str
    before: float
    now: float
    change: float


class BiasWatch(BaseModel):
    """What the searches of a collection have favoured since this process opened it."""

    collection: str
    since: datetime
    query_languages: list[WatchedOut]
    baseline: BaselineOut | None = Field(description="Null before the first audit.")
    largest_drift: float | None = Field(
        description="The greatest absolute change; null before the first audit and while no search has been asked in a "
        "language of it."
    )
    drift: list[DriftOut] | None = Field(
        description="Up to 20 changes, the largest first; null before the first audit."
    )
