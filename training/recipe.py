"""A recipe: one training run as one typed object, read from TOML.

Every key is checked; an unknown key is an error, so that a misspelt setting never passes
for its default.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from index.errors import InvalidInput, NotFound
from index.languages import language_codes

__all__ = ["Bucket", "Model", "Recipe", "Training", "Vocabulary", "load_recipe"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Bucket(_Strict):
    """Sources whose groups share batches, and how often a batch comes from here.

    sources: names such as "qa" (a whole table) or "parallel/ntrex128" (one origin in it).
    """

    name: str
    weight: float = Field(ge=0)
    sources: list[str] = Field(min_length=1)


class Vocabulary(_Strict):
    """The unigram vocabulary trained on the run's own texts.

    pieces: size. sample: texts it is learned from, spread evenly over the languages.
    """

    pieces: int = Field(default=65_536, ge=256)
    sample: int = Field(default=400_000, ge=100)


class Model(_Strict):
    """The encoder to train: a static table of piece vectors.

    dimension: length of the vectors. romanise: also read non-ASCII words in Latin letters.
    aligned_start: how much of the start comes from cross-language latent semantic analysis, the
    rest being random, 0 to 1 (`training/aligned_start.py`).
    maximum_tokens: longer texts are cut when served. query_prompt, passage_prompt: put before each text.
    """

    dimension: int = Field(default=256, ge=8)
    romanise: bool = True
    aligned_start: float = Field(default=0.7, ge=0, le=1)
    maximum_tokens: int = Field(default=2048, ge=8)
    query_prompt: str = ""
    passage_prompt: str = ""


class Training(_Strict):
    """How long and how hard to train.

    alpha: share of monolingual batches. temperature: of the InfoNCE softmax.
    symmetric: also ask each passage for its question.
    learning_rate falls linearly to zero after `warmup` (share of the steps).
    """

    alpha: float = Field(default=0.5, ge=0, le=1)
    steps: int = Field(default=1500, ge=1)
    batch_size: int = Field(default=2048, ge=2)
    learning_rate: float = Field(default=0.02, gt=0)
    weight_decay: float = Field(default=0.0, ge=0)
    warmup: float = Field(default=0.05, ge=0, lt=1)
    temperature: float = Field(default=0.05, gt=0)
    symmetric: bool = False
    seed: int = 1


class Recipe(_Strict):
    """One training run; see `training/recipes/static.toml` for a commented one.

    languages: codes to keep from the data; empty keeps all.
    """

    name: str
    description: str = ""
    license: str = "unknown"
    languages: list[str] = []
    buckets: list[Bucket] = Field(min_length=1)
    vocabulary: Vocabulary = Vocabulary()
    model: Model = Model()
    training: Training = Training()

    @field_validator("languages")
    @classmethod
    def _known(cls, codes: list[str]) -> list[str]:
        return language_codes(codes)

    @property
    def weights(self) -> dict[str, float]:
        """Bucket name → weight."""
        return {bucket.name: bucket.weight for bucket in self.buckets}


def load_recipe(path: Path, overrides: list[str] | None = None) -> Recipe:
    """Read a recipe; `overrides` are `section.key=value` with TOML values.

    Raises NotFound when there is no such file, InvalidInput naming every key at fault.
    """
    if not path.is_file():
        raise NotFound(f"There is no recipe {path}.", path=str(path))
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} is not valid TOML: {error}", path=str(path)) from error
    for override in overrides or []:
        _apply(values, override)
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InvalidInput(f"{path} is not a recipe: {faults}.", path=str(path)) from error


def _apply(values: dict[str, Any], override: str) -> None:
    key, equals, value = override.partition("=")
    *sections, name = key.strip().split(".")
    if not equals or not name:
        raise InvalidInput(f"{override!r} is no override; write section.key=value, such as training.alpha=0.5.")
    for section in sections:
        values = values.setdefault(section, {})
    try:
        values[name] = tomllib.loads(f"v = {value}")["v"]
    except tomllib.TOMLDecodeError:
        values[name] = value.strip()
