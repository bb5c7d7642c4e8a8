"""A collection copied from one place to another, vectors and all: nothing is encoded again.

Passages go in order of id. After each block has been acknowledged by the target a marker on this machine's
disk says how far the copy is, so that a kill costs one block, which is then written again over itself.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from index.backend import PassageIndex
from index.errors import Conflict, EncoderMismatch

__all__ = ["Marker", "copy_passages", "making"]

_MAKING = ("encoder", "fingerprint", "dimension")


def making(source: PassageIndex) -> dict[str, str]:
    """What a copy remembers of the encoder that filled its source."""
    return {name: value for name, value in source.facts().items() if name in _MAKING}


@dataclass(frozen=True, slots=True)
class Marker:
    """How far a copy is, in a file.

    folder: where markers lie. source, target: place and name of each, which give the file its name.
    """

    folder: Path
    source: str
    target: str

    @property
    def path(self) -> Path:
        """The marker's file."""
        return self.folder / f"{sha256(json.dumps([self.source, self.target]).encode()).hexdigest()[:16]}.json"

    def read(self) -> tuple[str | None, int] | None:
        """The last id copied (None before the first) and how many were; None when no copy is under way."""
        if not self.path.is_file():
            return None
        held = json.loads(self.path.read_text(encoding="utf-8"))
        return held["after"], held["copied"]

    def write(self, after: str | None, copied: int) -> None:
        """Put down how far the copy is; on disk when this returns."""
        self.folder.mkdir(parents=True, exist_ok=True)
        held = {"source": self.source, "target": self.target, "after": after, "copied": copied}
        fresh = self.path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(held, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)

    def remove(self) -> None:
        """The copy is done."""
        self.path.unlink(missing_ok=True)


def copy_passages(
    source: PassageIndex,
    target: PassageIndex,
    marker: Marker,
    report: Callable[[int], object],
    size: int = 1000,
) -> dict[str, int]:
    """Copy all passages, or go on where the marker says; returns language → passages, equal in both.

    report: told how many are copied so far. size: passages a block.
    Raises EncoderMismatch when the target is another encoder's, Conflict when it holds passages that
    no copy under way has put there, or when the counts differ in the end.
    """
    if making(source) != making(target):
        raise EncoderMismatch(
            f"Collection {target.name!r} was filled by encoder {target.facts().get('encoder')!r}, {source.name!r} by "
            f"{source.facts().get('encoder')!r}; their vectors cannot be mixed. Copy to another name.",
            collection=target.name,
        )
    begun, held = marker.read(), sum(target.counts().values())
    if begun and held < begun[1]:  # the target has been made anew since
        begun = (None, 0)
    if begun is None:
        if held:
            raise Conflict(
                f"Collection {target.name!r} holds {held:,} passages already; copy to another name or delete it first.",
                collection=target.name,
            )
        marker.write(None, 0)
    after, copied = begun or (None, 0)
    report(copied)
    for block in source.scan(after, size):
        target.upsert(block.passages, block.vectors)
        after, copied = block.passages[-1].id, copied + len(block.passages)
        marker.write(after, copied)
        report(copied)
    return _verified(source, target, marker)


def _verified(source: PassageIndex, target: PassageIndex, marker: Marker) -> dict[str, int]:
    wanted, held = source.counts(), target.counts()
    marker.remove()
    if wanted != held:
        differing = [
            f"{code} {held.get(code, 0):,} of {wanted.get(code, 0):,}"
            for code in sorted({*wanted, *held})
            if wanted.get(code) != held.get(code)
        ]
        raise Conflict(
            f"The copy {target.name!r} differs from {source.name!r}: {', '.join(differing[:20])}. Passages were "
            "written to one of them meanwhile; delete the copy and copy again while nothing is written.",
            collection=target.name,
        )
    return wanted
