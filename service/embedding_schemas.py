"""Shapes of embedding requests and answers: ours, Text Embeddings Inference's, OpenAI's."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Discriminator, Field, Tag

from service.schemas import RequestModel

__all__ = [
    "EmbedBody",
    "EmbedRequest",
    "EmbedResponse",
    "OpenAIItem",
    "OpenAIRequest",
    "OpenAIResponse",
    "OpenAIUsage",
    "TeiRequest",
    "TeiVectors",
]

Texts = Annotated[list[str], Field(min_length=1)]
Tokens = Annotated[list[int], Field(min_length=1)]


class EmbedRequest(RequestModel):
    """Texts to turn into vectors."""

    texts: Texts = Field(examples=[["Why are there two high tides a day?"]])
    kind: Literal["query", "passage"] = Field("passage", description="Which prompt the encoder puts before the texts.")
    dimensions: int | None = Field(
        None, description="A shorter length that `GET /info` names; null means the full one."
    )
    collection: str | None = Field(
        None, description="Embed with this collection's encoder; null takes the service's (ISOGLOT_ENCODER)."
    )


class EmbedResponse(BaseModel):
    """One vector per text, in order."""

    encoder: str
    dimension: int
    vectors: list[list[float]] = Field(description="L2-normalised, so that a dot product is the cosine.")
    tokens: list[int] = Field(description="Tokens read of each text.")
    truncated: list[bool] = Field(description="Whether a text was longer than the encoder reads.")


class TeiRequest(RequestModel):
    """The body of Text Embeddings Inference."""

    inputs: str | Texts
    normalize: bool = Field(True, description="Vectors are L2-normalised always; false is refused.")
    truncate: bool = Field(False, description="Cut texts longer than the encoder reads; false refuses them.")
    truncation_direction: Literal["right", "Right"] = "right"
    prompt_name: str | None = Field(None, description='"query" or "passage"; null means passage.')
    dimensions: int | None = None
    collection: str | None = Field(None, description="Beyond TEI's: embed with this collection's encoder.")


def _form(body: Any) -> str:
    """Which body it is: only TEI's has `inputs`."""
    names = body if isinstance(body, dict) else vars(body) if isinstance(body, BaseModel) else ()
    return "tei" if "inputs" in names else "own"


EmbedBody = Annotated[Annotated[EmbedRequest, Tag("own")] | Annotated[TeiRequest, Tag("tei")], Discriminator(_form)]

TeiVectors = list[list[float]]
"""TEI's answer: the vectors alone."""


class OpenAIRequest(RequestModel):
    """The body of OpenAI's `POST /v1/embeddings`."""

    input: str | Texts | Tokens | Annotated[list[Tokens], Field(min_length=1)] = Field(
        description="A text, texts, or their tokens by this encoder's own tokenizer.",
        examples=[["Why are there two high tides a day?"]],
    )
    model: str = Field(description="An encoder's name, as `GET /v1/models` tells it.", examples=["isoglot-static"])
    dimensions: int | None = Field(None, ge=1, description="A shorter length that `GET /info` names.")
    encoding_format: Literal["float", "base64"] = Field("float", description="base64: little-endian float32.")
    user: str | None = Field(None, description="Accepted and not used.")
    kind: Literal["query", "passage"] = Field("passage", description="Beyond OpenAI's: which prompt goes before.")


class OpenAIItem(BaseModel):
    """One vector."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str
    truncated: bool = Field(description="Beyond OpenAI's: whether the text was longer than the encoder reads.")


class OpenAIUsage(BaseModel):
    """Tokens read."""

    prompt_tokens: int
    total_tokens: int


class OpenAIResponse(BaseModel):
    """Vectors in the order of the input."""

    object: Literal["list"] = "list"
    data: list[OpenAIItem]
    model: str
    usage: OpenAIUsage
