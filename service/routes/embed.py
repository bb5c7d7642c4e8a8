"""`POST /embed`."""

from __future__ import annotations

from fastapi import APIRouter

from index.errors import TooLarge
from service.engine import EngineOf
from service.schemas import EmbedRequest, EmbedResponse

router = APIRouter(tags=["embed"])


@router.post("/embed")
def embed(request: EmbedRequest, engine: EngineOf) -> EmbedResponse:
    """Turn texts into vectors; a text longer than the encoder reads is cut, and told."""
    limit = engine.settings.max_texts
    if len(request.texts) > limit:
        raise TooLarge(
            f"{len(request.texts):,} texts were sent; at most {limit:,} are accepted (ISOGLOT_MAX_TEXTS). Split them.",
            texts=len(request.texts),
            limit=limit,
        )
    texts = [engine.text(text, f"text number {number}") for number, text in enumerate(request.texts, start=1)]
    embedded = engine.encoder.embed(texts, request.kind)
    return EmbedResponse(
        encoder=engine.encoder.name,
        dimension=engine.encoder.dimension,
        vectors=embedded.vectors.tolist(),
        tokens=embedded.tokens.tolist(),
        truncated=embedded.truncated.tolist(),
    )
