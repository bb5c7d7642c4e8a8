"""The composition root: settings in, a FastAPI app out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI, Security
from fastapi.security import HTTPBearer
from fastapi_offline import FastAPIOffline
from starlette.middleware.cors import CORSMiddleware

from service import page, problems
from service.access import Access
from service.door import EXPOSED
from service.engine import Engine
from service.limits import BodyLimit, InFlight
from service.observing import Observe
from service.routes import audit, bias, collections, embed, health, info, jobs, merging, openai, search
from service.settings import Settings

__all__ = ["create_app"]

_SUMMARY = "Ask in any language, get the right passage in whatever language it was written."


def create_app(settings: Settings | None = None, engine: Engine | None = None) -> FastAPI:
    """Build the app.

    settings: None reads the environment. engine: None loads encoder and collections when
    the server starts the app; it is closed when the server stops either way.
    """
    settings = settings or Settings.load()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        """Hold the engine while the server runs."""
        opened = app.state.engine = engine or Engine(settings)
        yield
        opened.close()

    # FastAPI's own /docs loads its scripts from a CDN; this one carries them.
    app: FastAPI = FastAPIOffline(
        title="Isoglot",
        summary=_SUMMARY,
        version=version("isoglot"),
        lifespan=lifespan,
        responses=problems.PROBLEMS,
        static_url="/docs-assets",
    )
    _add_middleware(app, settings)
    problems.install(app)
    # For the documentation alone: `Access` has checked the key before.
    bearer = [Security(HTTPBearer(auto_error=False, description="An API key, where the service has any."))]
    for routes in (search, bias, audit, embed, openai, collections, merging, jobs, info):
        app.include_router(routes.router, dependencies=bearer)
    app.include_router(health.router)
    page.mount(app)
    return app


def _add_middleware(app: FastAPI, settings: Settings) -> None:
    """What a request passes before its route, the last one first."""
    app.add_middleware(BodyLimit, limit=settings.max_body_bytes, held=settings.max_held_bytes)
    app.add_middleware(InFlight, limit=settings.max_requests)
    app.add_middleware(Access, keys=settings.key_ring())
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=["authorization", "content-type", "x-request-id", "x-timeout-seconds"],
            expose_headers=EXPOSED,
        )
    app.add_middleware(Observe)
