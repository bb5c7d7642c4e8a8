"""Where a job stands: what the ledger keeps and every door shows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from index.jobs.spec import JobSpec
from index.jobs.tally import Tally

__all__ = ["JobState", "Pending", "Position", "now"]

Status = Literal["queued", "running", "stopped", "failed", "refused", "done"]


def now() -> str:
    """The time, UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


class Position(NamedTuple):
    """How far reading has come: the source's number, from 0, and the rows of it that are done."""

    source: int
    rows: int


class Pending(BaseModel):
    """The batch about to be written: where it ends and what it counts.

    A kill between its writing and the ledger's knowing leaves it here. It is then read again and
    written where it is not stored, but counted as it was the first time.
    """

    end: Position
    tally: Tally


class JobState(BaseModel):
    """A job's state.

    version: the collection that is filled. position: everything before it is durable. letters: bytes of
    the file of rejected rows that count. copied: id up to which the live version has been copied, None before.
    seconds: spent so far, in all runs. fraction: of the sources' bytes read, None when not known.
    gate: measures by language of the new and the live version, and what was lost.
    """

    model_config = ConfigDict(extra="forbid")

    id: str
    key: str
    spec: JobSpec
    status: Status = "queued"
    phase: str = ""
    version: str | None = None
    created: str = Field(default_factory=now)
    updated: str = Field(default_factory=now)
    position: Position = Position(0, 0)
    tally: Tally = Field(default_factory=Tally)
    pending: Pending | None = None
    letters: int = 0
    copied: str | None = None
    seconds: float = 0.0
    fraction: float | None = None
    gate: dict[str, Any] | None = None
    note: str | None = None
    error: str | None = None

    @property
    def per_second(self) -> float:
        """Passages read in a second, skipped ones too."""
        return self.tally.read / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """How long reading and encoding will take yet, by the share of bytes read; None when not known."""
        if not self.fraction or self.status != "running":
            return None
        return self.seconds * (1 - self.fraction) / self.fraction

    def shown(self) -> dict[str, Any]:
        """The state for people and programs: what `--json` prints and `GET /jobs/ID` answers."""
        tally, left = self.tally, self.seconds_left
        return {
            "id": self.id,
            "kind": self.spec.kind,
            "status": self.status,
            "phase": self.phase,
            "collection": self.spec.collection,
            "version": self.version,
            "sources": self.spec.sources,
            "encoder": self.spec.encoder,
            "read": tally.read,
            "written": tally.written.total(),
            "skipped": tally.skipped.total(),
            "rejected": tally.rejected.total(),
            "removed": tally.removed,
            "truncated": tally.truncated,
            "by_language": tally.by_language(),
            "passages_per_second": round(self.per_second, 1),
            "seconds": round(self.seconds, 1),
            "fraction": None if self.fraction is None else round(self.fraction, 4),
            "seconds_left": None if left is None else round(left, 1),
            "created": self.created,
            "updated": self.updated,
            "gate": self.gate,
            "note": self.note,
            "error": self.error,
        }
