"""Every error Isoglot raises on purpose, in one tree.

    IsoglotError
    ├── InvalidInput            the caller can mend it
    │   ├── UnknownLanguage     a code that is not BCP 47, or not one of those allowed
    │   ├── MalformedLine       one line of a file or NDJSON body cannot be read
    │   └── TooLarge            more than a limit allows
    ├── NotFound                no collection, passage or file of that name
    ├── Conflict                the request fights with what is stored
    │   ├── EncoderMismatch     vectors of another encoder
    │   ├── CollectionInUse     another process is writing
    │   └── CollectionMoved     a version of another encoder has taken its place
    ├── Damaged                 a file on disk is not what was written
    │   ├── DamagedCollection
    │   └── DamagedEncoder
    └── StorageUnavailable      the disk is full, read-only or not permitted

A message says what was given, what is allowed and what to do. `code` is stable and
meant for programs; `detail` carries the same facts as data. The service maps the
tree to HTTP in one place (`service/problems.py`).
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "CollectionInUse",
    "CollectionMoved",
    "Conflict",
    "Damaged",
    "DamagedCollection",
    "DamagedEncoder",
    "EncoderMismatch",
    "InvalidInput",
    "IsoglotError",
    "MalformedLine",
    "NotFound",
    "StorageUnavailable",
    "TooLarge",
    "UnknownLanguage",
]


class IsoglotError(Exception):
    """Root of all errors raised on purpose; anything else that surfaces is a bug."""

    code = "error"

    def __init__(self, message: str, **detail: Any) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


class InvalidInput(IsoglotError):
    """What was given cannot be used; the message says what can."""

    code = "invalid_input"


class UnknownLanguage(InvalidInput):
    """A language code that is not BCP 47 or not among the allowed ones."""

    code = "unknown_language"


class MalformedLine(InvalidInput):
    """One line of a file or NDJSON body cannot be read; `detail["line"]` counts from 1."""

    code = "malformed_line"


class TooLarge(InvalidInput):
    """More than a limit allows; the message names the limit and its setting."""

    code = "too_large"


class NotFound(IsoglotError):
    """Nothing of that name exists."""

    code = "not_found"


class Conflict(IsoglotError):
    """The request cannot be reconciled with what is stored."""

    code = "conflict"


class EncoderMismatch(Conflict):
    """The collection holds vectors of another encoder; mixing them would make scores meaningless."""

    code = "encoder_mismatch"


class CollectionInUse(Conflict):
    """Another process has the collection open for writing."""

    code = "collection_in_use"


class CollectionMoved(Conflict):
    """A version of another encoder has taken the collection's place; vectors made for it are of no use any more."""

    code = "collection_moved"


class Damaged(IsoglotError):
    """A file on disk is missing, cut short or altered."""

    code = "damaged"


class DamagedCollection(Damaged):
    """The collection's database cannot be read."""

    code = "damaged_collection"


class DamagedEncoder(Damaged):
    """An encoder folder is incomplete or its files are not the ones its description names."""

    code = "damaged_encoder"


class StorageUnavailable(IsoglotError):
    """The disk is full, read-only or not permitted; what was acknowledged before is safe."""

    code = "storage_unavailable"
