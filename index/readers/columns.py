"""Which column means what, for sources whose columns are not named as a passage's fields are."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from index.errors import InvalidInput

__all__ = ["FIELDS", "Columns", "plain"]

FIELDS = ("id", "text", "language", "title", "metadata")
"""Fields of a passage line."""


class Columns(BaseModel):
    """Passage field → column, and the columns kept as metadata.

    names: fields that are not listed have columns of their own name. metadata: columns to keep there.
    language: code of every row without one; None has it detected.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    names: dict[str, str] = {}
    metadata: tuple[str, ...] = ()
    language: str | None = None

    @classmethod
    def parse(cls, given: Iterable[str], metadata: Iterable[str] = (), language: str | None = None) -> Columns:
        """From the command line's `text=body`; raises InvalidInput for what is no such pair.

        >>> Columns.parse(["text=body"]).names
        {'text': 'body'}
        """
        names = {}
        for pair in given:
            field, equals, column = pair.partition("=")
            if not equals or not column or field not in FIELDS:
                raise InvalidInput(
                    f"{pair!r} names no column; write FIELD=COLUMN with one of {', '.join(FIELDS)}, such as text=body.",
                    given=pair,
                )
            names[field] = column
        return cls(names=names, metadata=tuple(metadata), language=language)

    def require(self, there: Iterable[str], source: str) -> None:
        """Raise InvalidInput when a table lacks a column that is named, or any for the text."""
        known = list(there)
        wanted = {*self.names.values(), *self.metadata, self.names.get("text", "text")}
        if missing := sorted(wanted - set(known)):
            raise InvalidInput(
                f"{source} has no column {', '.join(map(repr, missing))}; it has {', '.join(map(repr, known))}. "
                "Name the columns with --column FIELD=COLUMN, such as --column text=body.",
                missing=missing,
                columns=known,
            )

    def line(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """A JSON line's fields under their own names; what is not mapped stays, to be checked later."""
        given = dict(record)
        taken = {field: given.pop(column) for field, column in self.names.items() if column in given}
        kept = {name: given.pop(name) for name in self.metadata if name in given}
        return self._finished({**given, **taken}, kept)

    def cells(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """A table's row as a passage line; columns nobody asked for are left out.

        Without a column for ids the id is a hash of title and text, so that it stays while they do.
        """
        row = {field: plain(record.get(self.names.get(field, field))) for field in FIELDS}
        row = {field: value for field, value in row.items() if value is not None and value != ""}
        if isinstance(row.get("id"), int):
            row["id"] = str(row["id"])
        if self.names.get("id", "id") not in record:
            row["id"] = hashlib.sha256(f"{row.get('title', '')}\n{row.get('text', '')}".encode(errors="replace"))
            row["id"] = row["id"].hexdigest()[:24]
        if isinstance(row.get("metadata"), str):
            row["metadata"] = _parsed(row["metadata"])
        return self._finished(row, {name: plain(record.get(name)) for name in self.metadata})

    def _finished(self, row: dict[str, Any], kept: dict[str, Any]) -> dict[str, Any]:
        if kept and isinstance(row.get("metadata", {}), dict):
            row["metadata"] = {**row.get("metadata", {}), **kept}
        if self.language and not row.get("language"):
            row["language"] = self.language
        return row


def plain(value: Any) -> Any:
    """A cell as JSON has it: dates and times as text, numbers that are no numbers as nothing."""
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, float) and value != value:
        return None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text  # told as "must be a JSON object" when the row is checked
