"""`POST /v1/embeddings` and `GET /v1/models`, as clients of OpenAI's API expect them."""

from __future__ import annotations

import base64
from typing import Any

from fastapi import APIRouter

from index.encoder import Embedded
from index.errors import NotFound
from service.batching import BatchQueue
from service.call import Call, CallOf
from service.embedding_schemas import OpenAIItem, OpenAIRequest, OpenAIResponse, OpenAIUsage
from service.engine import Engine, EngineOf
from service.routes.embed import require_dimension, shortened

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["embed"])


@router.get("/models")
async def models(engine: EngineOf) -> dict[str, Any]:
    """The encoders that collections have, as OpenAI lists models."""
    names = [queue.encoder.name for queue in engine.queues()]
    models = [{"id": name, "object": "model", "owned_by": "isoglot"} for name in dict.fromkeys(names)]
    return {"object": "list", "data": models}


@router.post("/embeddings")
async def embeddings(body: OpenAIRequest, call: CallOf) -> OpenAIResponse:
    """Turn texts, or tokens of this encoder's tokenizer, into vectors; what was cut is told with each."""
    queue = _queue(body.model, call.engine)
    encoder = queue.encoder
    require_dimension(encoder, body.dimensions)
    embedded = await _embed(body, call, queue)
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


def _queue(model: str, engine: Engine) -> BatchQueue:
    """The queue before the encoder of that name, the service's own first; raises NotFound."""
    queues = engine.queues()
    for queue in queues:
        if queue.encoder.name == model:
            return queue
    names = sorted({queue.encoder.name for queue in queues})
    raise NotFound(f"There is no model {model[:80]!r} here; there is {', '.join(map(repr, names))}.", models=names)


async def _embed(body: OpenAIRequest, call: Call, queue: BatchQueue) -> Embedded:
    given = body.input
    if isinstance(given, str):
        return await call.embed(queue, call.texts([given], "text"), body.kind)
    if isinstance(given[0], str):
        return await call.embed(queue, call.texts([str(text) for text in given], "text"), body.kind)
    lists: Any = [given] if isinstance(given[0], int) else given
    call.require_count(len(lists))
    return await call.embed(queue, [], body.kind, queue.encoder.take_tokens(lists))
