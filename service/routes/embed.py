"""`POST /embed`, in our shape and in Text Embeddings Inference's."""

from __future__ import annotations

import numpy as np
from fastapi import APIRouter, Response

from index.encoder import Embedded, Encoder, Kind, shorten
from index.errors import InvalidInput, TooLarge
from service.batching import BatchQueue
from service.call import Call, CallOf
from service.embedding_schemas import EmbedBody, EmbedResponse, TeiRequest, TeiVectors

__all__ = ["TRUNCATED", "require_dimension", "router", "shortened"]

router = APIRouter(tags=["embed"])

TRUNCATED = "X-Truncated"
"""Header with the places, from 0, of texts that were cut: TEI's body has no room for it."""

_PROMPTS: dict[str, Kind] = {"query": "query", "passage": "passage", "document": "passage"}


@router.post("/embed", response_model=EmbedResponse | TeiVectors)
async def embed(body: EmbedBody, call: CallOf, response: Response) -> EmbedResponse | TeiVectors:
    """Turn texts into vectors; a text longer than the encoder reads is cut, and told.

    A body with `inputs` is answered as Text Embeddings Inference does: with the vectors alone.
    """
    if isinstance(body, TeiRequest):
        return await _embed_tei(body, call, response)
    queue = await _queue(call, body.collection)
    encoder = queue.encoder
    require_dimension(encoder, body.dimensions)
    embedded = await call.embed(queue, call.texts(body.texts, "text"), body.kind)
    vectors = shortened(embedded, body.dimensions)
    return EmbedResponse(
        encoder=encoder.name,
        dimension=vectors.shape[1],
        vectors=vectors.tolist(),
        tokens=embedded.tokens.tolist(),
        truncated=embedded.truncated.tolist(),
    )


async def _queue(call: Call, collection: str | None) -> BatchQueue:
    return call.engine.queue if collection is None else call.engine.queue_of(await call.engine.opened(collection))


async def _embed_tei(body: TeiRequest, call: Call, response: Response) -> TeiVectors:
    queue = await _queue(call, body.collection)
    encoder = queue.encoder
    require_dimension(encoder, body.dimensions)
    if not body.normalize:
        raise InvalidInput("normalize is false; vectors are L2-normalised here always. Leave it out or send true.")
    if body.prompt_name not in (None, *_PROMPTS):
        raise InvalidInput(f"prompt_name is {body.prompt_name!r}; it must be one of {', '.join(_PROMPTS)}.")
    given = [body.inputs] if isinstance(body.inputs, str) else body.inputs
    embedded = await call.embed(queue, call.texts(given, "text"), _PROMPTS[body.prompt_name or "passage"])
    cut = [str(row) for row, is_cut in enumerate(embedded.truncated) if is_cut]
    if cut and not body.truncate:
        limit = encoder.description.maximum_tokens
        raise TooLarge(
            f"Text number {int(cut[0]) + 1} is longer than the {limit} tokens the encoder reads; split it, or send "
            '"truncate": true to have it cut.',
            limit=limit,
        )
    if cut:
        response.headers[TRUNCATED] = ",".join(cut)
    vectors: TeiVectors = shortened(embedded, body.dimensions).tolist()
    return vectors


def require_dimension(encoder: Encoder, wanted: int | None) -> None:
    """Raise InvalidInput for a length the encoder was not trained to give; None wants the full one."""
    allowed = [*encoder.description.dimensions, encoder.dimension]
    if wanted is not None and wanted not in allowed:
        raise InvalidInput(
            f"dimensions is {wanted}; {encoder.name} gives {', '.join(map(str, allowed))}.",
            given=wanted,
            allowed=allowed,
        )


def shortened(embedded: Embedded, wanted: int | None) -> np.ndarray:
    """Vectors of the length wanted; None means the full one."""
    return embedded.vectors if wanted is None else shorten(embedded.vectors, wanted)
