"""`isoglot serve`."""

from __future__ import annotations

from typing import Annotated

import typer
import uvicorn
from rich.console import Console

from service.app import create_app
from service.engine import Engine
from service.settings import Settings

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add this wing's verbs to `isoglot`."""
    app.command()(serve)


def serve(
    port: Annotated[int | None, typer.Option(help="Port; default ISOGLOT_PORT, PORT or 8000.")] = None,
    host: Annotated[str | None, typer.Option(help="Address; default ISOGLOT_HOST or 127.0.0.1.")] = None,
    encoder: Annotated[
        str | None, typer.Option(help="Encoder folder or bundled name; default ISOGLOT_ENCODER.")
    ] = None,
    data: Annotated[str | None, typer.Option(help="Folder that holds the collections; default ISOGLOT_DATA.")] = None,
) -> None:
    """Serve search over HTTP, with a page at `/` and the API at `/docs`.

    The demo collection is made on the first start. Example: `isoglot serve --port 8080`
    """
    settings = Settings.load(port=port, host=host, encoder=encoder, data=data)
    Console(stderr=True).print(
        f"Isoglot: encoder {settings.encoder}, data in {settings.data}; "
        f"page http://{settings.host}:{settings.port}/  API http://{settings.host}:{settings.port}/docs",
        soft_wrap=True,
    )
    # Loaded here rather than by the server, so that a fault is one line and not a traceback.
    app = create_app(settings, Engine(settings))
    uvicorn.run(app, host=settings.host, port=settings.port, log_level="info")
