"""Bytes of local files, URLs and standard input, decompressed on the way.

Local files and gzip need nothing; Zstandard and URLs (`s3://`, `gs://`, `https://`, …) come with the
extra [jobs], through `fsspec`. Some URLs need one more package, which fsspec names (`s3fs`, `gcsfs`).
"""

from __future__ import annotations

import gzip
import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from index.errors import InvalidInput, IsoglotError, NotFound
from index.extras import require_extra

__all__ = [
    "STDIN",
    "Opened",
    "SourceUnreachable",
    "file_size",
    "file_stamp",
    "filesystem",
    "is_url",
    "opened",
    "suffix",
]

STDIN = "-"
_COMPRESSED = (".gz", ".zst")


class SourceUnreachable(IsoglotError):
    """A source exists by name but cannot be read now."""

    code = "source_unreachable"


class Opened:
    """A stream of bytes that knows how much of the source it has taken.

    bytes: decompressed. raw: as stored, which is what progress is measured by.
    """

    def __init__(self, decompressed: IO[bytes], raw: IO[bytes]) -> None:
        self.bytes, self._raw = decompressed, raw

    @property
    def at(self) -> int:
        """Stored bytes read; 0 where the stream cannot tell."""
        try:
            return int(self._raw.tell())
        except (OSError, ValueError):
            return 0


def is_url(name: str) -> bool:
    """Whether a source is named by a URL."""
    return "://" in name


def suffix(name: str) -> str:
    """The suffix that says the format, without that of compression: ".jsonl" of "a.jsonl.gz".

    >>> suffix("s3://bucket/a.jsonl.gz"), suffix("TABLE.CSV"), suffix("https://host/b.parquet?version=2")
    ('.jsonl', '.csv', '.parquet')
    """
    path = Path(name.partition("?")[0] if is_url(name) else name)
    return (path.with_suffix("") if path.suffix.lower() in _COMPRESSED else path).suffix.lower()


@contextmanager
def opened(name: str) -> Iterator[Opened]:
    """Open a source for reading; raises NotFound, SourceUnreachable, InvalidInput for a missing extra."""
    if name == STDIN:
        yield Opened(sys.stdin.buffer, sys.stdin.buffer)
        return
    with _explained(name), _raw(name) as raw, _decompressed(name, raw) as decompressed:
        yield Opened(decompressed, raw)


def _raw(name: str) -> IO[bytes]:
    if is_url(name):
        return cast("IO[bytes]", filesystem(name)[0].open(name, "rb"))
    return Path(name).open("rb")


def _decompressed(name: str, raw: IO[bytes]) -> IO[bytes]:
    end = Path(name.partition("?")[0] if is_url(name) else name).suffix.lower()
    if end == ".gz":
        return cast("IO[bytes]", gzip.open(raw, "rb"))
    if end == ".zst":
        require_extra("Reading Zstandard", "pyarrow")
        import io

        import pyarrow

        # Arrow's reader, because `zstandard`'s takes a file cut short for a whole one.
        return io.BufferedReader(pyarrow.CompressedInputStream(raw, "zstd"), 1 << 20)
    return raw


def filesystem(name: str) -> tuple[Any, str]:
    """The `fsspec` file system of a URL and the path in it."""
    require_extra(f"Reading {name.partition('://')[0]}:// URLs", "fsspec")
    import fsspec

    try:
        return cast("tuple[Any, str]", fsspec.core.url_to_fs(name))
    except (ImportError, ValueError) as error:  # an unknown protocol, or one whose package is missing
        raise InvalidInput(f"{name} cannot be opened: {error}", source=name) from error


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Turn what files and networks raise into errors that say what to do."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound(f"There is no {name}.", source=name) from error
    except (IsADirectoryError, PermissionError) as error:
        raise InvalidInput(f"{name} cannot be read: {error.strerror}.", source=name) from error
    except (OSError, EOFError) as error:  # a network that fails, a compressed file cut short
        raise SourceUnreachable(
            f"Reading {name} failed: {error}. What was indexed is kept; the same command goes on.", source=name
        ) from error


def file_size(name: str) -> int | None:
    """Stored bytes; None for standard input and servers that do not tell."""
    if name == STDIN:
        return None
    with _explained(name):
        size = filesystem(name)[0].size(name) if is_url(name) else Path(name).stat().st_size
    return None if size is None else int(size)


def file_stamp(name: str) -> str | None:
    """Changes with the content: size and time of a file, size and version of a URL; None for standard input."""
    if name == STDIN:
        return None
    with _explained(name):
        if not is_url(name):
            facts = Path(name).stat()
            return f"{facts.st_size}-{facts.st_mtime_ns}"
        told = filesystem(name)[0].info(name)
    known = {key: str(told[key]) for key in sorted(told) if key.lower() in _VERSIONS and told[key]}
    # A size alone does not show a change, so such a source is read from its beginning each time.
    return hashlib.sha256(repr(known).encode()).hexdigest() if set(known) - {"size"} else None


_VERSIONS = {"size", "etag", "md5hash", "generation", "lastmodified", "last_modified", "mtime", "created", "sha256"}
