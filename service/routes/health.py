"""`GET /health/live` and `GET /health/ready`."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from service.engine import EngineOf
from service.schemas import Health

__all__ = ["router"]

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live")
async def live() -> Health:
    """Whether the process answers at all; if not, restart it."""
    return Health(status="ok")


@router.get("/ready", responses={503: {"model": Health, "description": "Not able to answer a search; says why."}})
async def ready(engine: EngineOf) -> JSONResponse:
    """Whether a search can be answered now; if not, why, and send no traffic here.

    After a fault a tiny real search is tried.
    """
    fault = await engine.fault()
    health = Health(status="unavailable" if fault else "ok", reason=fault)
    return JSONResponse(health.model_dump(), 503 if fault else 200)
