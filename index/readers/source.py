"""From what stands on the command line to the reader that reads it."""

from __future__ import annotations

from pathlib import Path

from index.errors import InvalidInput, NotFound
from index.hub import is_hub_id
from index.readers.beir import BeirCorpus, beir_corpus
from index.readers.columns import Columns
from index.readers.documents import SUFFIXES
from index.readers.folder import Folder
from index.readers.hub_dataset import PREFIX, HubDataset
from index.readers.lines import JsonLines
from index.readers.opening import STDIN, is_url, suffix
from index.readers.parquet import Parquet
from index.readers.rows import Source
from index.readers.tables import Table

__all__ = ["open_source"]

_LINES, _TABLES, _PARQUET = {".jsonl", ".ndjson"}, {".csv", ".tsv"}, {".parquet"}
_FORMATS = "JSON lines (.jsonl, .ndjson), tables (.csv, .tsv), any of them as .gz or .zst, Parquet (.parquet)"


def open_source(name: str, columns: Columns | None = None) -> Source:
    """The reader of a source; nothing is read yet.

    name: a file, a folder (BEIR, or text, Markdown and HTML files), a URL, "-" for JSON lines on standard
    input, or a data set's id on the hub. columns: None takes a passage's own names.
    Raises NotFound when there is nothing of that name, InvalidInput for another format.
    """
    columns = columns or Columns()
    if name == STDIN:
        return JsonLines(name, columns)
    if name.startswith(PREFIX) and not is_url(name):
        return HubDataset(name, columns)
    if not is_url(name) and not Path(name).exists():
        return _named_only(name, columns)
    if not is_url(name) and Path(name).is_dir():
        return BeirCorpus(Path(name), columns) if beir_corpus(Path(name)) else Folder(name, columns.language)
    return _file(name, columns)


def _named_only(name: str, columns: Columns) -> Source:
    """A name that is no path: a data set's id, unless it looks like a file's."""
    if is_hub_id(name.partition("#")[0]) and suffix(name) not in _LINES | _TABLES | _PARQUET | SUFFIXES:
        return HubDataset(name, columns)
    raise NotFound(
        f"There is no file or folder {name}. A data set of the hub is written hf:ORGANISATION/NAME.", source=name
    )


def _file(name: str, columns: Columns) -> Source:
    kind = suffix(name)
    if kind in _LINES:
        return JsonLines(name, columns)
    if kind in _TABLES:
        return Table(name, columns)
    if kind in _PARQUET:
        return Parquet(name, columns)
    if kind in SUFFIXES and not is_url(name):
        return Folder(name, columns.language)
    raise InvalidInput(
        f"The format of {name} is not known by its name; known are {_FORMATS}, folders and files of text, Markdown "
        "and HTML.",
        source=name,
    )
