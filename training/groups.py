"""A group: one question with its passage, each in one or more languages.

Groups are what training reads. All texts in `questions` ask the same thing, all texts in
`passages` say the same thing; the passage answers the question. Plain translations are
groups too: then `questions` and `passages` hold the same texts, and only pairs of
different languages teach anything. `negatives` are passages that look like answers and are
none; `isoglot mine` finds them.

On disk a group is one JSON line or one Parquet row::

    {"id": "tides-1", "questions": {"de": "…"}, "passages": {"de": "…", "th": "…"}, "source": "demo",
     "negatives": {"de": ["…", "…"]}}

`source` and `negatives` may be left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from index.errors import InvalidInput, MalformedLine, NotFound
from index.languages import language_code
from training.json_lines import json_lines

__all__ = ["Group", "read_groups", "write_groups"]


@dataclass(frozen=True, slots=True)
class Group:
    """One question and its passage, in all languages at hand.

    questions, passages: language code (BCP 47) → text, neither empty.
    source: name of the collection it comes from; batches are drawn per source.
    negatives: language code → passages that do not answer the question; may be empty.
    """

    id: str
    questions: dict[str, str]
    passages: dict[str, str]
    source: str = "groups"
    negatives: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Group:
        """Check a parsed line and build the group; raises InvalidInput naming the field at fault."""
        for key in ("id", "questions", "passages"):
            if not row.get(key):
                raise InvalidInput(f"A group needs a non-empty {key!r}; got keys {sorted(row)}.", field=key)
        questions, passages = (_texts(row[key], key) for key in ("questions", "passages"))
        negatives = _lists(row.get("negatives") or {})
        return cls(str(row["id"]), questions, passages, str(row.get("source") or "groups"), negatives)

    def as_json(self) -> dict[str, Any]:
        """The group as one line's object; `negatives` only where there are any."""
        row = {"id": self.id, "questions": self.questions, "passages": self.passages, "source": self.source}
        return {**row, "negatives": self.negatives} if self.negatives else row


def _by_language(value: Any, key: str) -> dict[str, Any]:
    """Check a map of language codes, given as a map or as Parquet's list of pairs."""
    if not isinstance(value, dict | list):
        raise InvalidInput(f"{key!r} must map language codes to texts, got {type(value).__name__}.", field=key)
    return {language_code(code): content for code, content in dict(value).items() if content is not None}


def _texts(value: Any, key: str) -> dict[str, str]:
    texts = _by_language(value, key)
    for code, text in texts.items():
        if not isinstance(text, str) or not text.strip():
            raise InvalidInput(f"{key!r} has no text for language {code!r}; drop the key or fill it.", field=key)
    if not texts:
        raise InvalidInput(f"{key!r} holds no text in any language.", field=key)
    return texts


def _lists(value: Any) -> dict[str, list[str]]:
    lists = _by_language(value, "negatives")
    for code, texts in lists.items():
        if not isinstance(texts, list) or not all(isinstance(text, str) and text.strip() for text in texts):
            raise InvalidInput(f"'negatives' must hold a list of texts for language {code!r}.", field="negatives")
    return {code: texts for code, texts in lists.items() if texts}


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
    for number, row in json_lines(path):
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
            out.write(json.dumps(group.as_json(), ensure_ascii=False) + "\n")
            count += 1
    return count
