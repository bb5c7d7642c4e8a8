"""What a job is asked to do, checked: the shape the command line and `POST /jobs` share."""

from __future__ import annotations

import hashlib
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from index.errors import InvalidInput
from index.faults import faults_told
from index.readers.columns import Columns

__all__ = ["JobSpec"]


class JobSpec(BaseModel):
    """A job: what to read, how, and where to.

    Two jobs of equal spec over unchanged sources are the same job: the second goes on with the first. Of kind
    "reencode", it reads the passages of the live version and switches to a new one that another encoder fills.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["build", "reencode"] = Field(
        "build", description="`reencode` takes the passages of `collection` itself and fills a version with `encoder`."
    )
    encoder: str | None = Field(
        None, description="For `reencode`: a bundled encoder, or one listed in ISOGLOT_ENCODERS or ISOGLOT_ENCODER."
    )
    sources: list[str] = Field(
        [],
        description="Files, folders, URLs or data sets of the hub (`hf:ORGANISATION/NAME`), read in this order.",
        examples=[["/srv/passages.jsonl"]],
    )
    collection: str = Field(description="Collection to fill; with `switch` the alias to move.", examples=["docs"])
    columns: Columns = Field(Columns(), description="Which columns of a table mean what.")
    split: bool | None = Field(
        None, description="Whether to split texts into passages; null splits documents (text, Markdown, HTML) only."
    )
    length: int = Field(800, ge=50, le=100_000, description="Longest passage when splitting; a wide character is two.")
    overlap: int = Field(100, ge=0, description="How much of a passage the next one may repeat.")
    sync: bool = Field(False, description="Also remove passages that no source holds any more.")
    switch: bool = Field(
        False, description="Fill a new version beside the live one, then move the alias `collection` to it."
    )
    gate: str | None = Field(
        None, description="File of known questions a new version must answer as well as the live one; needs `switch`."
    )
    bound: float = Field(0.02, ge=0, le=1, description="Most a language may lose of R@10 or nDCG@10 at the gate.")
    distance_bound: float = Field(50, ge=0, description="Most places a language's rank distance may grow at the gate.")
    live_encoder: str | None = Field(
        None, description="The live version's encoder, for the gate, when the new version has another."
    )
    engine: Literal["local", "ray"] = Field("local", description="Where to read and encode.")
    batch: int = Field(1024, ge=1, le=100_000, description="Passages encoded and committed together.")

    @model_validator(mode="before")
    @classmethod
    def _switches(cls, given: Any) -> Any:
        return {**given, "switch": True} if isinstance(given, dict) and given.get("kind") == "reencode" else given

    @model_validator(mode="after")
    def _reads_something(self) -> Self:
        if self.kind == "build" and (not self.sources or self.encoder):
            raise ValueError("sources: a build needs at least one, and takes the encoder that is set (ISOGLOT_ENCODER)")
        if self.kind == "reencode" and (self.sources or not self.encoder):
            raise ValueError("reencode takes an encoder, and no sources: it reads the collection's own passages")
        return self

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.gate and not self.switch:
            raise ValueError("a gate stands before a switch; set switch too")
        if self.overlap >= self.length // 2:
            raise ValueError(f"overlap {self.overlap} must be less than half of length {self.length}")
        return self

    @classmethod
    def load(cls, **given: Any) -> Self:
        """A spec from what was given, None counting as not given; raises InvalidInput naming the fields at fault."""
        try:
            return cls(**{name: value for name, value in given.items() if value is not None})
        except ValidationError as error:
            raise InvalidInput(f"The job cannot be run: {faults_told(error, 'job')}.") from error

    def key(self, encoder: str, stamps: list[str | None]) -> str:
        """What tells this job from others: what is read, in which state, how, with which encoder, and where to.

        encoder: as it is set. stamps: of the sources; those that cannot be read twice have None.
        What comes after the writing, and the engine, may change between two runs.
        """
        if self.kind == "reencode":
            return hashlib.sha256(f"{self.kind} {self.collection} {self.encoder}".encode()).hexdigest()
        shaping = self.model_dump_json(include={"sources", "collection", "columns", "split", "length", "overlap"})
        rest = [encoder, self.sync, self.switch, self.batch, stamps]
        return hashlib.sha256(f"{shaping}{rest}".encode()).hexdigest()
