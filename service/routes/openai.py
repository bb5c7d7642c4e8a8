"""`POST /v1/embeddings` and `GET /v1/models`, as clients of OpenAI's API expect them."""

from __future__ import annotations

import base64
from typing import Any

from fastapi import APIRouter

from index.encoder import Embedded, Encoder
from index.errors import NotFound
from service.call import Call, CallOf
from service.embedding_schemas import OpenAIItem, OpenAIRequest, OpenAIResponse, OpenAIUsage
from service.engine import EngineOf
from service.routes.embed import require_dimension, shortened

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["embed"])


@router.get("/models")
async def models(engine: EngineOf) -> dict[str, Any]:
    """The encoder, as OpenAI lists models."""
    return {"object": "list", "data": [{"id": engine.encoder.name, "object": "model", "owned_by": "isoglot"}]}


@router.post("/embeddings")
async def embeddings(body: OpenAIRequest, call: CallOf) -> OpenAIResponse:
    """Turn texts, or tokens of this encoder's tokenizer, into vectors; what was cut is told with each."""
    encoder = call.engine.encoder
    if body.model != encoder.name:
        raise NotFound(f"There is no model {body.model[:80]!r} here; there is {encoder.name!r}.", models=[encoder.name])
    require_dimension(encoder, body.dimensions)
    embedded = await _embed(body, call, encoder)
    vectors = shortened(embedded, body.dimensions)
    rows: list[Any] = (
        [base64.b64encode(vector.astype("<f4").tobytes()).decode() for vector in vectors]
        if body.encoding_format == "base64"
        else vectors.tolist()
    )
    items = [
        OpenAIItem(index=number, embedding=row, truncated=bool(is_cut))
        for number, (row, is_cut) in enumerate(zip(rows, embedded.truncated, strict=True))
    ]
    read = int(embedded.tokens.sum())
    return OpenAIResponse(data=items, model=encoder.name, usage=OpenAIUsage(prompt_tokens=read, total_tokens=read))


async def _embed(body: OpenAIRequest, call: Call, encoder: Encoder) -> Embedded:
    queue, given = call.engine.queue, body.input
    if isinstance(given, str):
        return await call.embed(queue, call.texts([given], "text"), body.kind)
    if isinstance(given[0], str):
        return await call.embed(queue, call.texts([str(text) for text in given], "text"), body.kind)
    lists: Any = [given] if isinstance(given[0], int) else given
    call.require_count(len(lists))
    return await call.embed(queue, [], body.kind, encoder.take_tokens(lists))
