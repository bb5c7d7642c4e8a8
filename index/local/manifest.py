"""What the derived files of a collection are, and whether they are what was written.

`vectors/manifest.json` names the segments; it is replaced in one step after everything it names is on disk.
Whatever is missing, cut short or altered is found by its checksum and made again from SQLite.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import xxhash
from pydantic import BaseModel, ConfigDict, Field, ValidationError

__all__ = ["FOLDER", "MANIFEST", "FileFacts", "Manifest", "SegmentFacts", "Storage", "sync_folder"]

FOLDER, MANIFEST = "vectors", "manifest.json"

_READ_AT_ONCE = 4 * 1024 * 1024

Storage = Literal["float32", "float16", "int8"]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FileFacts(_Record):
    """One file: its size in bytes and checksum.

    xxh3: XXH3 with 128 bits, as hexadecimal digits. It guards against accidents, not against malice, forty times as
    fast as SHA-256 without instructions for it: a million vectors of 384 numbers are read at every start.
    """

    bytes: int
    xxh3: str

    @classmethod
    def of(cls, path: Path) -> FileFacts:
        """The facts of a file as it is now."""
        return cls(bytes=path.stat().st_size, xxh3=_hash(path))


class SegmentFacts(_Record):
    """One segment: passages numbered from first to last.

    languages: code → rows, in the order in which they stand. effort: `efSearch` by which the graph keeps the
    promised recall, by language and "" for all together; empty without a graph. recall: what was
    measured, alike; languages searched exactly are left out.
    """

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    first: int
    last: int
    dimension: int
    storage: Storage
    languages: dict[str, int]
    effort: dict[str, int] = {}
    recall: dict[str, float] = {}
    build_seconds: float = 0.0
    files: dict[str, FileFacts]

    @property
    def rows(self) -> int:
        """How many vectors it holds, dead ones too."""
        return sum(self.languages.values())

    def faults(self, folder: Path) -> list[str]:
        """What is wrong with its files below the collection's folder of vectors; empty when they are as written."""
        with ThreadPoolExecutor(2) as pool:  # hashing lets other threads run
            checked = pool.map(lambda item: _fault(folder / self.name / item[0], item[1]), self.files.items())
            return [fault for fault in checked if fault]


def _hash(path: Path) -> str:
    digest = xxhash.xxh3_128()
    with path.open("rb") as file:
        while block := file.read(_READ_AT_ONCE):
            digest.update(block)
    return digest.hexdigest()


def _fault(path: Path, expected: FileFacts) -> str | None:
    try:
        if path.stat().st_size != expected.bytes:
            return f"{path} has {path.stat().st_size:,} bytes instead of {expected.bytes:,}"
        return None if _hash(path) == expected.xxh3 else f"{path} is altered (its checksum differs)"
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"


class Manifest(_Record):
    """The segments there are.

    generation: grows with every change; SQLite remembers the latest that made it forget dropped numbers.
    """

    format: Literal[1] = 1
    generation: int = 0
    segments: list[SegmentFacts] = []

    @classmethod
    def read(cls, folder: Path) -> tuple[Manifest, str | None]:
        """The manifest in a folder of vectors and what is wrong with it; an empty one when none can be trusted."""
        try:
            return cls.model_validate_json((folder / MANIFEST).read_bytes()), None
        except FileNotFoundError:
            return cls(), None
        except (OSError, ValidationError) as error:
            return cls(), f"{folder / MANIFEST} cannot be understood ({str(error).splitlines()[0]})"

    def write(self, folder: Path) -> None:
        """Put it in place of the one before, in one step, on disk."""
        fresh = folder / f"{MANIFEST}.new"
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(self.model_dump(), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(folder / MANIFEST)
        sync_folder(folder)

    def gaps(self, last: int) -> Iterator[tuple[int, int]]:
        """Yield (first, last) of the runs of numbers, up to a last one, that no segment covers."""
        start = 1
        for segment in sorted(self.segments, key=lambda segment: segment.first):
            if start < segment.first:
                yield start, segment.first - 1
            start = segment.last + 1
        if start <= last:
            yield start, last


def sync_folder(folder: Path) -> None:
    """Bring a folder's entries to disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
