"""`GET /info` and `GET /metrics`."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from index.encoder import Encoder
from service.engine import EngineOf
from service.schemas import EncoderInfo, Info, Limits

__all__ = ["router"]

router = APIRouter(tags=["info"])


@router.get("/info")
async def info(engine: EngineOf) -> Info:
    """The encoders with their prompts and lengths, and the limits."""
    settings = engine.settings
    return Info(
        version=version("isoglot"),
        encoder=_encoder(engine.encoder),
        encoders=[_encoder(queue.encoder) for queue in engine.queues()],
        collection=settings.collection,
        limits=Limits(
            body_bytes=settings.max_body_bytes,
            texts=settings.max_texts,
            text_characters=settings.max_text_characters,
            hits=settings.max_hits,
            deadline_seconds=settings.deadline_seconds,
        ),
    )


def _encoder(encoder: Encoder) -> EncoderInfo:
    shared = set(EncoderInfo.model_fields) - {"fingerprint"}
    return EncoderInfo(**encoder.description.model_dump(include=shared), fingerprint=encoder.fingerprint)


@router.get(
    "/metrics", response_class=Response, responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
)
def metrics(engine: EngineOf) -> Response:
    """Counters and histograms in Prometheus' text format."""
    return Response(engine.metrics.text(), media_type=CONTENT_TYPE_LATEST)
