"""A group: one question with its passage, each in one or more languages.

Groups are what training reads. All texts in `questions` ask the same thing, all texts in
`passages` say the same thing; the passage answers the question. Plain translations are
groups too: then `questions` and `passages` hold the same texts, and only pairs of
different languages teach anything.

On disk a group is one JSON line or one Parquet row::

    {"id": "tides-1", "questions": {"de": "…"}, "passages": {"de": "…", "th": "…"}, "source": "demo"}
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.errors import InvalidInput, MalformedLine, NotFound
from index.languages import language_code

__all__ = ["Group", "read_groups", "write_groups"]


@dataclass(frozen=True, slots=True)
class Group:
    """One question and its passage, in all languages at hand.

    questions, passages: language code (BCP 47) → text, neither empty.
    source: name of the collection it comes from; batches are drawn per source.
    """

    id: str
    questions: dict[str, str]
    passages: dict[str, str]
    source: str = "groups"

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Group:
        """Check a parsed line and build the group; raises InvalidInput naming the field at fault."""
        for field in ("id", "questions", "passages"):
            if not row.get(field):
                raise InvalidInput(f"A group needs a non-empty {field!r}; got keys {sorted(row)}.", field=field)
        maps = [_texts(row[field], field) for field in ("questions", "passages")]
        return cls(str(row["id"]), maps[0], maps[1], str(row.get("source") or "groups"))


def _texts(value: Any, field: str) -> dict[str, str]:
    """Parse a language → text map, given as a map or as Parquet's list of pairs."""
    pairs = dict(value).items() if isinstance(value, dict | list) else None
    if pairs is None:
        raise InvalidInput(f"{field!r} must map language codes to texts, got {type(value).__name__}.", field=field)
    texts = {language_code(code): text for code, text in pairs if text is not None}
    for code, text in texts.items():
        if not isinstance(text, str) or not text.strip():
            raise InvalidInput(f"{field!r} has no text for language {code!r}; drop the key or fill it.", field=field)
    if not texts:
        raise InvalidInput(f"{field!r} holds no text in any language.", field=field)
    return texts


def read_groups(path: Path) -> Iterator[Group]:
    """Yield the groups of a `.jsonl` or `.parquet` file.

    Raises NotFound when there is no such file, MalformedLine with the line (or row) number
    of the first group that cannot be used.
    """
    if not path.is_file():
        raise NotFound(f"There is no group file {path}.", path=str(path))
    rows = _parquet_rows(path) if path.suffix == ".parquet" else _json_rows(path)
    for number, row in rows:
        try:
            yield Group.from_json(row)
        except InvalidInput as error:
            raise MalformedLine(f"{path}, line {number}: {error.message}", path=str(path), line=number) from error


def _json_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise MalformedLine(f"{path}, line {number}: {error}", path=str(path), line=number) from error
            if not isinstance(row, dict):
                raise MalformedLine(f"{path}, line {number}: not a JSON object.", path=str(path), line=number)
            yield number, row


def _parquet_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    import pyarrow.parquet as parquet

    number = 0
    for batch in parquet.ParquetFile(path).iter_batches():
        for row in batch.to_pylist():
            number += 1
            yield number, row


def write_groups(groups: Iterable[Group], path: Path) -> int:
    """Write groups as JSON lines and return how many."""
    count = 0
    with path.open("w", encoding="utf-8") as out:
        for group in groups:
            row = {"id": group.id, "questions": group.questions, "passages": group.passages, "source": group.source}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count
