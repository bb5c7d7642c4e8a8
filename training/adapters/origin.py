"""Where an adapter's rows come from: a Hugging Face id, or a local file or folder.

Reading is `datasets.load_dataset`'s. Since version 4 `datasets` runs no loading scripts; of a
data set that still has one, the script's files are read directly (`hf://datasets/ID/FILE`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.errors import InvalidInput, NotFound
from training.adapters.rows import Row
from training.adapters.tally import Tally

__all__ = ["TABLE", "Origin"]

_HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*")

_TEXT_AS_IT_STANDS: dict[str, Any] = {"keep_default_na": False}
"""Without this a question "NA" or "null" would become a missing value."""

TABLE: dict[str, Any] = {**_TEXT_AS_IT_STANDS, "sep": "\t", "quoting": 3, "lineterminator": "\n"}
"""How a TSV is read: quotes are characters like others, and a carriage return ends no line."""

_BUILDERS: dict[str, tuple[str, dict[str, Any]]] = {
    ".jsonl": ("json", {}),
    ".json": ("json", {}),
    ".parquet": ("parquet", {}),
    ".csv": ("csv", _TEXT_AS_IT_STANDS),
    ".tsv": ("csv", TABLE),
}


@dataclass(frozen=True, slots=True)
class Origin:
    """One place to read rows from.

    name: the adapter's, for messages. at: Hugging Face id, file or folder.
    split: "train", "validation" or "test"; a single file is read whole.
    languages: None where the caller named none.
    config: of the data set on Hugging Face; None for its only one, and for local files.
    """

    name: str
    at: str
    split: str
    languages: list[str] | None
    config: str | None = None

    @property
    def is_local(self) -> bool:
        """Whether it is a file or folder here."""
        return Path(self.at).exists()

    def rows(self, tally: Tally, file: str | None = None) -> Iterator[Row]:
        """Yield the rows, counting them.

        file: path within the folder or data set; None reads the split named.
        Raises NotFound when there is nothing there, InvalidInput when it cannot be read.
        """
        # Streamed: the first rows come at once and no second copy is kept on disk.
        dataset = self._open(file, streaming=True)
        with self._told():
            for number, values in enumerate(dataset, start=1):
                tally.rows += 1
                yield Row(f"{self.name}, row {number}", number, values)

    def table(self, file: str, columns: list[str]) -> Any:
        """A headerless TSV as a `datasets.Dataset`: kept on disk by `datasets`, read by row number."""
        return self._open(file, streaming=False, column_names=columns)

    def has(self, file: str) -> bool:
        """Whether the folder here has this file."""
        return (Path(self.at) / file).is_file()

    def _open(self, file: str | None, streaming: bool, **options: Any) -> Any:
        from datasets import load_dataset

        path = Path(self.at)
        is_id = _HUB_ID.fullmatch(self.at) and _suffix(self.at) not in _BUILDERS
        if not path.exists() and not is_id:
            raise NotFound(f"{self.at} is no file or folder here, nor a Hugging Face id such as owner/name.")
        if file is not None:
            place = str(path / file) if path.exists() else f"hf://datasets/{self.at}/{file}"
        elif path.is_file():
            place = str(path)
        else:
            with self._told():
                return load_dataset(self.at, self.config, split=self.split, streaming=streaming)
        builder, defaults = _builder(place)
        with self._told():
            # A file's rows are always the split "train" to `datasets`.
            return load_dataset(builder, data_files=place, split="train", streaming=streaming, **defaults, **options)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what `datasets`, pandas, pyarrow and the hub client raise into one error that says what to do."""
        from datasets.exceptions import DatasetsError

        try:
            yield
        except (OSError, ValueError, RuntimeError, DatasetsError) as error:
            kind = NotFound if isinstance(error, FileNotFoundError) else InvalidInput
            raise kind(
                f"{self.name} cannot be read from {self.at} (split {self.split!r}): {error} "
                "Check the network, the id and the split, or download the files and give --path.",
                at=self.at,
            ) from error


def _suffix(place: str) -> str:
    return Path(place.removesuffix(".gz")).suffix


def _builder(place: str) -> tuple[str, dict[str, Any]]:
    suffix = _suffix(place)
    if suffix not in _BUILDERS:
        raise InvalidInput(f"{place} has the ending {suffix!r}; readable are {', '.join(_BUILDERS)}, also with .gz.")
    return _BUILDERS[suffix]
