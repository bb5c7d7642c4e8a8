"""The search page at `/`: plain HTML, CSS and JavaScript, no build step, no outside asset."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

__all__ = ["mount"]

_HERE = Path(__file__).parent

_HEADERS = {
    # Nothing from elsewhere can load, and passages cannot smuggle in scripts.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-cache",
}


def mount(app: FastAPI) -> None:
    """Serve the page and its two files."""

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        """The page itself."""
        return FileResponse(_HERE / "index.html", headers=_HEADERS)

    app.mount("/page", StaticFiles(directory=_HERE / "assets"), name="page")
