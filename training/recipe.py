"""A recipe: one training run as one typed object, read from TOML.

Every key is checked; an unknown key is an error, so that a misspelt setting never passes
for its default.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from index.errors import InvalidInput, NotFound
from index.languages import language_codes

__all__ = ["Bucket", "Model", "Recipe", "Stage", "Vocabulary", "load_recipe"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Bucket(_Strict):
    """Sources whose groups share batches.

    sources: names such as "qa" (a whole table) or "parallel/ntrex128" (one origin in it).
    """

    name: str
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


class Stage(_Strict):
    """One stretch of training; stages follow each other, each with a fresh optimizer.

    alpha: share of monolingual batches. temperature: of the InfoNCE softmax.
    learning_rate falls linearly to zero after `warmup` (share of the steps).
    symmetric: also ask each passage for its question.
    weights: bucket → relative chance that a batch comes from it, 0 when not named; None means all alike.
    """

    name: str = "train"
    alpha: float = Field(default=0.5, ge=0, le=1)
    steps: int = Field(default=1500, ge=1)
    learning_rate: float = Field(default=0.2, gt=0)
    weight_decay: float = Field(default=0.0, ge=0)
    warmup: float = Field(default=0.05, ge=0, lt=1)
    temperature: float = Field(default=0.05, gt=0)
    symmetric: bool = False
    weights: dict[str, float] | None = None


class Recipe(_Strict):
    """One training run; see `training/recipes/static.toml` for a commented one.

    languages: codes to keep from the data; empty keeps all. seed: of everything random.
    batch_size: pairs per batch; fewer where a bucket has fewer.
    """

    name: str
    description: str = ""
    license: str = "unknown"
    languages: list[str] = []
    buckets: list[Bucket] = Field(min_length=1)
    vocabulary: Vocabulary = Vocabulary()
    model: Model = Model()
    batch_size: int = Field(default=2048, ge=2)
    seed: int = 1
    stages: list[Stage] = Field(default=[Stage()], min_length=1)

    @field_validator("languages")
    @classmethod
    def _known(cls, codes: list[str]) -> list[str]:
        return language_codes(codes)

    @model_validator(mode="after")
    def _buckets_exist(self) -> Self:
        names = {bucket.name for bucket in self.buckets}
        for stage in self.stages:
            if unknown := set(stage.weights or ()) - names:
                raise ValueError(f"stage {stage.name!r} weighs {sorted(unknown)}; the buckets are {sorted(names)}")
        return self


def load_recipe(path: Path, overrides: list[str] | None = None) -> Recipe:
    """Read a recipe; `overrides` are `section.key=value` with TOML values, lists counted from 0.

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
        raise InvalidInput(f"{override!r} is no override; write section.key=value, such as stages.0.alpha=0.5.")
    place: Any = values
    try:
        for section in sections:
            place = place[int(section)] if isinstance(place, list) else place.setdefault(section, {})
        place[name] = _parse(value)
    except (ValueError, IndexError, TypeError, AttributeError) as error:
        raise InvalidInput(f"{override!r} names no key of the recipe.") from error


def _parse(value: str) -> Any:
    """A TOML value, or the text itself when it is none."""
    try:
        return tomllib.loads(f"v = {value}")["v"]
    except tomllib.TOMLDecodeError:
        return value.strip()
