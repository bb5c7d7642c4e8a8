"""A folder of text, Markdown and HTML files: one document each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from index.errors import InvalidInput
from index.readers.documents import SUFFIXES, read_document
from index.readers.rows import Row

__all__ = ["Folder"]

MAX_DOCUMENT_BYTES = 64 * 1024 * 1024


class Folder:
    """The documents below a folder, or one document; hidden files and other kinds are left alone.

    A document's id is its path below the folder; a passage's that and its number: `guide/tides.md#2`.
    """

    splits = True

    def __init__(self, name: str, language: str | None = None) -> None:
        self.name, self._language = name, language
        self._root = Path(name)

    def size(self) -> int | None:
        """Bytes of all documents."""
        return sum(path.stat().st_size for path in self._files())

    def stamp(self) -> str | None:
        """Path, size and time of every document."""
        facts = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in self._files()]
        return hashlib.sha256(repr(facts).encode(errors="replace")).hexdigest()

    def _files(self) -> list[Path]:
        if self._root.is_file():
            return [self._root]
        found = (path for path in self._root.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
        return sorted(path for path in found if not _is_hidden(path.relative_to(self._root)))

    def rows(self, skip: int = 0) -> Iterator[Row]:
        """Yield documents in order of their paths; those skipped are not opened."""
        at = 0
        for number, path in enumerate(self._files(), start=1):
            at += path.stat().st_size
            if number > skip:
                yield self._row(number, path, at)

    def _row(self, number: int, path: Path, at: int) -> Row:
        where = path.name if path == self._root else path.relative_to(self._root).as_posix()
        try:
            if (size := path.stat().st_size) > MAX_DOCUMENT_BYTES:
                raise InvalidInput(f"The file has {size:,} bytes; at most {MAX_DOCUMENT_BYTES:,} are read.")
            document = read_document(path.name, path.read_bytes())
        except InvalidInput as error:
            return Row(number, None, at, error.message, where=where)
        except OSError as error:
            return Row(number, None, at, f"The file cannot be read ({error.strerror}).", where=where)
        content = {"id": where, "text": document.text, "title": document.title}
        return Row(number, content | ({"language": self._language} if self._language else {}), at, where=where)


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
