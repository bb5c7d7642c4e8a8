"""What an encoder folder holds, and the checks before it is trusted.

model.onnx       graph: input_ids, attention_mask (batch, tokens) int64
                 → sentence_embedding (batch, dimension) float32, pooled and L2-normalised
tokenizer.json   for the `tokenizers` library
encoder.json     the description below
README.md        model card
model.onnx.data  weights of a graph over 2 GB, which is as much as one ONNX file can hold

`index/foreign_encoder.py` reads the folders other tools make.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from index.errors import DamagedEncoder, NotFound
from index.hub import fetch_encoder, file_hash, is_hub_id
from index.text import Reader, reader

__all__ = ["DESCRIPTION", "MODEL", "TOKENIZER", "EncoderDescription", "bundled_encoders", "file_hash", "find_encoder"]

MODEL, TOKENIZER, DESCRIPTION = "model.onnx", "tokenizer.json", "encoder.json"


class EncoderDescription(BaseModel):
    """The contents of `encoder.json`.

    dimension: length of the vectors. dimensions: shorter lengths at which they work too (Matryoshka).
    maximum_tokens: longer texts are cut, and told.
    query_prompt, passage_prompt: put before each text. romanise: whether a Latin reading of
    non-ASCII words is appended, stem: letters of the stems appended, None for none (`index/text.py`).
    languages: codes it was trained on.
    pooling: how vectors of tokens become one, where the folder itself does not say; None where it does.
    weights: "float32", "float16", "int8" or "int4"; "unknown" in a foreign folder. pad_id: token that fills
    shorter texts of a batch. files: name → SHA-256. source: what made it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int = 1
    name: str
    dimension: int = Field(ge=1)
    dimensions: list[int] = []
    maximum_tokens: int = Field(ge=1)
    query_prompt: str = ""
    passage_prompt: str = ""
    romanise: bool = False
    stem: int | None = Field(default=None, ge=1)
    languages: list[str] = []
    pooling: str | None = None
    weights: str = "float32"
    pad_id: int = Field(default=0, ge=0)
    license: str = "unknown"
    files: dict[str, str]
    source: dict[str, Any] = {}

    @property
    def reader(self) -> Reader:
        """How the encoder reads texts."""
        return reader(self.romanise, self.stem)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over everything that shapes a vector; vectors of unequal fingerprints must not mix."""
        names = {"dimension", "maximum_tokens", "query_prompt", "passage_prompt", "romanise"}
        # What is not used does not count, so that folders from before it existed keep their fingerprint.
        names |= {name for name in ("stem", "pooling") if getattr(self, name) is not None}
        shaping = self.model_dump(include=names)
        return hashlib.sha256(json.dumps([shaping, self.files], sort_keys=True).encode()).hexdigest()

    @classmethod
    def read(cls, folder: Path) -> EncoderDescription:
        """Read `encoder.json` and check the files against their hashes.

        Raises NotFound when the folder is no encoder folder, DamagedEncoder when a file is
        missing, altered or not understood.
        """
        path = folder / DESCRIPTION
        if not path.is_file():
            raise NotFound(f"{folder} is not an encoder folder: it has no {DESCRIPTION}.", path=str(folder))
        try:
            description = cls.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise DamagedEncoder(f"{path} cannot be understood: {error}", path=str(path)) from error
        for name in {MODEL, TOKENIZER, *description.files}:
            _check(folder / name, description.files.get(name))
        return description


def _check(path: Path, expected: str | None) -> None:
    if not path.is_file():
        raise DamagedEncoder(f"{path} is missing; fetch or export the encoder again.", path=str(path))
    if file_hash(path) != expected:
        raise DamagedEncoder(
            f"{path} is not the file its {DESCRIPTION} names (SHA-256 differs); fetch or export the encoder again.",
            path=str(path),
        )


def bundled_encoders() -> dict[str, Path]:
    """Name → folder of the encoders that come with Isoglot, from a clone or an installed wheel."""
    here = Path(__file__).resolve().parent
    roots = (here.parent / "models", here / "bundled")
    return {path.parent.name: path.parent for root in roots for path in sorted(root.glob(f"*/{DESCRIPTION}"))}


def find_encoder(name: str, offline: bool = False) -> Path:
    """Turn a folder path, a bundled encoder's name or a hub id into a folder, fetching it when needed.

    A folder of that name goes first. offline: a hub is never asked, its cache alone is used.
    Raises NotFound, and what `fetch_encoder` raises.
    """
    bundled = bundled_encoders()
    if name in bundled:
        return bundled[name]
    if Path(name).is_dir():
        return Path(name)
    if is_hub_id(name):
        return fetch_encoder(name, offline)
    raise NotFound(
        f"There is no encoder {name!r}: it is neither a folder, nor one of those bundled "
        f"({', '.join(bundled) or 'none'}), nor a hub id such as intfloat/multilingual-e5-small.",
        given=name,
        bundled=sorted(bundled),
    )
