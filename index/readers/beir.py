"""The corpus of a folder in the layout of BEIR (Thakur et al. 2021, arXiv 2104.08663)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from index.readers.columns import Columns
from index.readers.lines import JsonLines

__all__ = ["BeirCorpus", "beir_corpus"]

_FIELDS = ("_id", "text", "title", "language", "metadata")


def beir_corpus(folder: Path) -> Path | None:
    """The corpus file of a BEIR folder; None when it is no such folder."""
    names = ("corpus.jsonl", "corpus.jsonl.gz", "corpus.jsonl.zst")
    return next((folder / name for name in names if (folder / name).is_file()), None)


class BeirCorpus(JsonLines):
    """`corpus.jsonl`: `_id`, `text`, and optionally `title` and `language`; other fields are left out.

    Queries and judgements are not passages and not read.
    """

    def __init__(self, folder: Path, columns: Columns) -> None:
        super().__init__(str(beir_corpus(folder)), _BeirColumns(**columns.model_dump()))


class _BeirColumns(Columns):
    def line(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """BEIR's names under ours; an empty title is none."""
        kept = {name: record[name] for name in (*_FIELDS, *self.metadata) if name in record}
        if "_id" in kept:
            kept["id"] = kept.pop("_id")
        return super().line(kept)
