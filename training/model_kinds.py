"""What a recipe trains: a static table, a small BERT from scratch, or any pretrained model, told apart by `kind`."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from index.text import Reader, reader

__all__ = ["Model", "PretrainedModel", "ScratchModel", "StaticModel", "Strict"]


class Strict(BaseModel):
    """A part of a recipe: an unknown key is an error, and nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StaticModel(Strict):
    """A table of piece vectors, summed (`training/static.py`).

    dimension: length of the vectors. romanise: also read non-ASCII words in Latin letters.
    stem: also read the first so many letters of every longer word in Latin letters; None means no stems.
    aligned_start: how much of the start comes from cross-language latent semantic analysis, the
    rest being random, 0 to 1 (`training/aligned_start.py`).
    maximum_tokens: longer texts are cut when served. query_prompt, passage_prompt: put before each text.
    maximum_unknown: refuse a language of whose tokens more than this share is unknown, 0 to 1.
    """

    kind: Literal["static"] = "static"
    dimension: int = Field(default=256, ge=8)
    romanise: bool = True
    stem: int | None = Field(default=None, ge=1)
    aligned_start: float = Field(default=0.7, ge=0, le=1)
    maximum_tokens: int = Field(default=2048, ge=8)
    query_prompt: str = ""
    passage_prompt: str = ""
    maximum_unknown: float = Field(default=0.2, ge=0, le=1)

    @property
    def reader(self) -> Reader:
        """How the model reads texts."""
        return reader(self.romanise, self.stem)


class ScratchModel(Strict):
    """A small BERT with random weights over the run's own vocabulary, mean-pooled.

    layers, heads, dimension, feed_forward: its shape. dropout: 0 to 1.
    aligned_start, maximum_tokens, query_prompt, passage_prompt, maximum_unknown: as in `StaticModel`.
    """

    kind: Literal["scratch"]
    layers: int = Field(default=4, ge=1)
    heads: int = Field(default=8, ge=1)
    dimension: int = Field(default=256, ge=8)
    feed_forward: int = Field(default=1024, ge=8)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    aligned_start: float = Field(default=0.0, ge=0, le=1)
    maximum_tokens: int = Field(default=128, ge=8)
    query_prompt: str = ""
    passage_prompt: str = ""
    maximum_unknown: float = Field(default=0.2, ge=0, le=1)

    @model_validator(mode="after")
    def _heads_fit(self) -> Self:
        if self.dimension % self.heads:
            raise ValueError(f"dimension {self.dimension} cannot be shared among {self.heads} heads evenly")
        return self


class PretrainedModel(Strict):
    """Any model sentence-transformers loads.

    base: Hugging Face id or folder. A plain transformer gets mean pooling; a model with its own
    pooling and head (LaBSE) keeps them. Vectors are always normalised.
    revision: commit or branch on the hub; None takes the newest.
    maximum_tokens: longer texts are cut, in training and when served.
    query_prompt, passage_prompt, maximum_unknown: as in `StaticModel`.
    """

    kind: Literal["pretrained"]
    base: str
    revision: str | None = None
    maximum_tokens: int = Field(default=256, ge=8)
    query_prompt: str = "Query: "
    passage_prompt: str = "Passage: "
    maximum_unknown: float = Field(default=0.2, ge=0, le=1)


def _kind(value: Any) -> str:
    """The model's kind; recipes without one are older than the other kinds and mean "static"."""
    return str(value.get("kind", "static") if isinstance(value, dict) else value.kind)


Model = Annotated[
    Annotated[StaticModel, Tag("static")]
    | Annotated[ScratchModel, Tag("scratch")]
    | Annotated[PretrainedModel, Tag("pretrained")],
    Discriminator(_kind),
]
"""What is trained, told apart by `kind`."""
