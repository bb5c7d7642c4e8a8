"""Shapes of requests and answers about merge rules."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from service.schemas import RequestModel

__all__ = ["Fit", "MergeIn", "MergeInfo"]


class MergeIn(RequestModel):
    """The rule a collection is to have."""

    merge: str | dict[str, Any] | None = Field(
        description='A rule\'s name, or {"rule": name, option: value} (docs/merging.md); null goes back to raw scores.',
        examples=["centred"],
    )


class Fit(BaseModel):
    """What a collection's corrections were fitted of."""

    passages: int
    languages: list[str] = Field(description="Those of eight passages or more.")


class MergeInfo(BaseModel):
    """A collection's rule, and what the rules that need fitting know of it."""

    merge: dict[str, Any] = Field(description="The rule for searches that name none.", examples=[{"rule": "score"}])
    fitted: Fit | None = Field(description="Null when no rule has needed fitting yet.")
    is_current: bool = Field(description="False when it was never fitted, or passages have changed by a fifth since.")
