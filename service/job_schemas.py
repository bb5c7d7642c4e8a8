"""Shapes of the answers about jobs; a request is an `index.jobs.JobSpec`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

__all__ = ["JobOut", "LanguageCounts"]


class LanguageCounts(BaseModel):
    """What became of the passages of one language."""

    read: int
    written: int
    skipped: int = Field(description="Stored already, just so.")
    rejected: int


class JobOut(BaseModel):
    """A job and where it stands."""

    id: str
    kind: Literal["build", "reencode"]
    status: Literal["queued", "running", "stopped", "failed", "refused", "done"] = Field(
        description="`refused`: by the gate. `stopped` and `failed` jobs go on when posted again."
    )
    phase: str
    collection: str
    version: str | None = Field(description="The collection that is filled.")
    sources: list[str]
    encoder: str | None = Field(description="The encoder that a `reencode` changes to.")
    read: int
    written: int
    skipped: int
    rejected: int
    removed: int
    truncated: int = Field(description="Longer than the encoder reads.")
    by_language: dict[str, LanguageCounts]
    passages_per_second: float
    seconds: float
    fraction: float | None = Field(
        description="Share of the sources' bytes, or of the passages, read; null when not known."
    )
    seconds_left: float | None
    created: str
    updated: str
    gate: dict[str, Any] | None = Field(description="Measures by language, and what the new version loses.")
    note: str | None
    error: str | None
