"""How passages lie in Milvus: the schema, and passages to rows and back.

Texts are kept in pieces, since Milvus' strings end at 65,535 bytes and a passage may have a million
characters. Metadata is kept as the JSON it was written in, in pieces too: Milvus' own JSON type would lose
integers beyond 64 bits, and `facets` and `bounds` (`expressions.py`) are what filters look at.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from pymilvus import CollectionSchema, DataType, MilvusClient
from pymilvus.milvus_client import IndexParams

from index.errors import TooLarge
from index.milvus.expressions import MAX_FACETS, bounds, facets
from index.passages import MAX_ID_CHARACTERS, Passage

__all__ = ["PASSAGE_FIELDS", "REQUEST_BYTES", "index_params", "passage_of", "requests_of", "row_of", "schema_of"]

PASSAGE_FIELDS = ["id", "language", "title", "text", "metadata"]
"""What a passage is made from; `vector`, `facets` and `bounds` lie beside them."""

REQUEST_BYTES = 8 * 1024 * 1024
"""About the most one write sends; Milvus refuses requests of 64 MiB."""

_PIECE_CHARACTERS = 16_000  # four bytes each at most
_PIECES = 64
_BYTES_A_CHARACTER = 4
_LONGEST_LANGUAGE = 255


def schema_of(dimension: int) -> CollectionSchema:
    """The schema of a new collection: id the primary key, language the partition key."""
    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=MAX_ID_CHARACTERS * _BYTES_A_CHARACTER)
    schema.add_field("language", DataType.VARCHAR, max_length=_LONGEST_LANGUAGE, is_partition_key=True)
    for name in ("title", "text", "metadata"):
        size = _PIECE_CHARACTERS * _BYTES_A_CHARACTER
        schema.add_field(name, DataType.ARRAY, element_type=DataType.VARCHAR, max_capacity=_PIECES, max_length=size)
    schema.add_field("facets", DataType.ARRAY, element_type=DataType.VARCHAR, max_capacity=MAX_FACETS, max_length=32)
    schema.add_field("bounds", DataType.JSON)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimension)
    return schema


def index_params() -> IndexParams:
    """HNSW by cosine."""
    params = MilvusClient.prepare_index_params()
    params.add_index("vector", index_type="HNSW", metric_type="COSINE", params={"M": 16, "efConstruction": 200})
    return params


def row_of(passage: Passage, vector: np.ndarray) -> dict[str, Any]:
    """A passage and its vector, (dim,) float32, as Milvus takes them; raises TooLarge."""
    if len(passage.id) > MAX_ID_CHARACTERS:
        raise TooLarge(
            f"A passage id has {len(passage.id):,} characters; at most {MAX_ID_CHARACTERS} are accepted. "
            "Nothing was stored."
        )
    return {
        "id": passage.id,
        "language": passage.language,
        "title": [] if passage.title is None else _pieces(passage.title, "title"),
        "text": _pieces(passage.text, "text"),
        "metadata": _pieces(json.dumps(passage.metadata, ensure_ascii=False), "metadata"),
        "facets": facets(passage.metadata),
        "bounds": bounds(passage.metadata),
        "vector": vector,
    }


def _pieces(text: str, what: str) -> list[str]:
    if len(text) > _PIECE_CHARACTERS * _PIECES:
        raise TooLarge(
            f"A passage's {what} has {len(text):,} characters; at most {_PIECE_CHARACTERS * _PIECES:,} fit. "
            "Nothing was stored."
        )
    return [text[start : start + _PIECE_CHARACTERS] for start in range(0, len(text), _PIECE_CHARACTERS)] or [""]


def requests_of(rows: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Rows in order, in requests of about `REQUEST_BYTES`, one row at least."""
    request: list[dict[str, Any]] = []
    filled = 0
    for row in rows:
        size = _row_bytes(row)
        if request and filled + size > REQUEST_BYTES:
            yield request
            request, filled = [], 0
        request.append(row)
        filled += size
    if request:
        yield request


def _row_bytes(row: dict[str, Any]) -> int:
    texts = [row["id"], *row["title"], *row["text"], *row["metadata"], *row["facets"]]
    return sum(len(text.encode()) for text in texts) + len(json.dumps(row["bounds"])) + int(row["vector"].nbytes)


def passage_of(row: Any) -> Passage:
    """The passage of a row that holds `PASSAGE_FIELDS`."""
    title = list(row["title"])
    return Passage(
        id=row["id"],
        text="".join(row["text"]),
        language=row["language"],
        title="".join(title) if title else None,
        metadata=json.loads("".join(row["metadata"])),
    )
