"""Shapes of bias reports, as pydantic models: what `/docs` shows."""

from __future__ import annotations

from pydantic import BaseModel, Field

__all__ = ["Bias", "LanguageBias"]


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
    ndkl: float | None = Field(description="How far the hits' languages are from the pool's; null when nothing was found.")
    ndkl_by_chance: float | None = Field(
        description="What NDKL exceeds in one answer of twenty when chance draws the hits from the pool."
    )
    spread: float = Field(description="Greatest less smallest offset.")
    sentence: str
    warning: str | None = Field(
        description="Told only when a language's offset brings or costs it hits beyond chance; null under a filter on "
        "metadata and under any merge rule but the raw score."
    )
