"""The last audit of each collection, kept under the data folder."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from index.audit.result import Audit
from index.catalog import collection_name
from index.errors import Damaged, NotFound

__all__ = ["FOLDER", "keep", "last"]

FOLDER = "audits"


def keep(data: Path, audit: Audit) -> Path:
    """Write an audit in the place of the one before; returns the file."""
    path = _path(data, audit.collection)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_text(audit.model_dump_json(indent=1), encoding="utf-8")
    beside.replace(path)
    return path


def last(data: Path, collection: str) -> Audit:
    """The last audit of a collection; raises NotFound when there is none, Damaged when it cannot be read."""
    path = _path(data, collection)
    if not path.is_file():
        raise NotFound(
            f"Collection {collection!r} has not been audited; run `isoglot audit QUESTIONS.jsonl --collection "
            f"{collection}` or send questions to POST /audit.",
            collection=collection,
        )
    try:
        return Audit.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise Damaged(f"{path} cannot be read as an audit; audit the collection again.", path=str(path)) from error


def _path(data: Path, collection: str) -> Path:
    return data / FOLDER / f"{collection_name(collection)}.json"
