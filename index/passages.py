"""A passage, and the lines it is read from.

    {"id": "tides.de", "text": "…", "language": "de", "title": "Gezeiten", "metadata": {"topic": "tides"}}

`id` and `text` are required; `language` is detected when left out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from index.errors import InvalidInput, MalformedLine, NotFound, TooLarge
from index.languages import decide_language
from index.text import clean

__all__ = ["MAX_ID_CHARACTERS", "Passage", "parse_lines", "read_passages", "require_unique"]

MAX_ID_CHARACTERS = 512
MAX_METADATA_BYTES = 65_536
_FIELDS = {"id", "text", "language", "title", "metadata"}


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage in one language.

    language: BCP 47 code, "und" when it could not be determined. title: None when there is none.
    """

    id: str
    text: str
    language: str
    title: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def searchable(self) -> str:
        """What the encoder reads: the title, if any, and the text."""
        return f"{self.title}\n{self.text}" if self.title else self.text

    @classmethod
    def from_json(cls, row: Any, allowed: Collection[str] | None = None) -> Passage:
        """Check a parsed line and build the passage.

        allowed: closed list of languages for detection; None means any.
        Raises InvalidInput (or a subclass) naming the field at fault.
        """
        if not isinstance(row, dict):
            raise InvalidInput(f"A passage is a JSON object, not {type(row).__name__}.")
        if unknown := set(row) - _FIELDS:
            raise InvalidInput(
                f"A passage has no field {', '.join(sorted(unknown))}; it has {', '.join(sorted(_FIELDS))}. "
                "Put other facts under metadata."
            )
        text = clean(_string(row, "text"), "passage text")
        given = row.get("language")
        return cls(
            id=_identity(_string(row, "id")),
            text=text,
            language=decide_language(text, given, allowed).code,
            title=clean(_string(row, "title"), "title") if row.get("title") else None,
            metadata=_metadata(row.get("metadata")),
        )


def _string(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str):
        raise InvalidInput(f"A passage needs {name!r} as a string; got {json.dumps(value)[:60]}.", field=name)
    return value


def _identity(value: str) -> str:
    if len(value) > MAX_ID_CHARACTERS:
        raise TooLarge(f"A passage id has {len(value):,} characters; at most {MAX_ID_CHARACTERS} are accepted.")
    return clean(value, "passage id")


def _metadata(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidInput(f"metadata must be a JSON object, not {type(value).__name__}.", field="metadata")
    try:
        size = len(json.dumps(value, ensure_ascii=False, allow_nan=False).encode())
    except ValueError as error:  # NaN and Infinity are no JSON; a lone surrogate is no UTF-8
        raise InvalidInput(f"metadata cannot be written as JSON: {error}.", field="metadata") from error
    if size > MAX_METADATA_BYTES:
        raise TooLarge(f"metadata has {size:,} bytes; at most {MAX_METADATA_BYTES:,} are accepted.", field="metadata")
    return value


def parse_lines(lines: Iterable[bytes], allowed: Collection[str] | None = None) -> Iterator[Passage]:
    """Yield passages from JSON lines, skipping empty ones.

    Raises MalformedLine with the number of the first line that cannot be used.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield Passage.from_json(json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8")), allowed)
        except (InvalidInput, ValueError, RecursionError) as error:
            reason = error.message if isinstance(error, InvalidInput) else f"not valid UTF-8 JSON ({error})."
            raise MalformedLine(f"Line {number}: {reason} Nothing was stored.", line=number) from error


def read_passages(path: Path, allowed: Collection[str] | None = None) -> Iterator[Passage]:
    """Yield the passages of a JSON lines file; raises NotFound, MalformedLine."""
    if not path.is_file():
        raise NotFound(f"There is no passage file {path}.", path=str(path))
    with path.open("rb") as lines:
        yield from parse_lines(lines, allowed)


def require_unique(ids: Iterable[str]) -> None:
    """Raise InvalidInput when an id occurs twice: which of the two is meant cannot be known."""
    repeated = [identity for identity, count in Counter(ids).items() if count > 1]
    if repeated:
        raise InvalidInput(
            f"{len(repeated)} passage id(s) occur more than once, such as {repeated[0]!r}; give each its own. "
            "Nothing was stored.",
            ids=repeated[:10],
        )
