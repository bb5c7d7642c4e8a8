"""The composition root: settings in, a FastAPI app out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from service import page, problems
from service.engine import Engine
from service.limits import BodyLimit
from service.routes import collections, embed, health, jobs, search
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
        app.state.engine = engine or Engine(settings)
        yield
        app.state.engine.close()

    # FastAPI's own /docs loads its scripts from a CDN; this one carries them.
    app: FastAPI = FastAPIOffline(
        title="Isoglot",
        summary=_SUMMARY,
        version=version("isoglot"),
        lifespan=lifespan,
        responses=problems.PROBLEMS,
        static_url="/docs-assets",
    )
    app.add_middleware(BodyLimit, limit=settings.max_body_bytes)
    problems.install(app)
    for routes in (search, embed, collections, jobs, health):
        app.include_router(routes.router)
    page.mount(app)
    return app
