"""What the routes work with: the encoder and the collections, put together once at start."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from index.catalog import Catalog
from index.collection import Collection
from index.errors import IsoglotError
from index.text import clean
from service.settings import Settings

__all__ = ["Engine", "EngineOf"]


class Engine:
    """The encoder and the collections of one service.

    Raises what loading the encoder raises: without it there is nothing to serve. A demo
    collection that cannot be opened is told by readiness instead, because others may be sound.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.encoder = settings.load_encoder()
        self.catalog = Catalog(settings.place(), self.encoder, allowed=settings.languages)
        if settings.demo:
            self.catalog.ensure_demo()

    def collection(self, name: str | None = None) -> Collection:
        """An open collection, the default one for None; raises NotFound or what opening raises."""
        return self.catalog.get(name or self.settings.collection)

    def text(self, text: str, what: str) -> str:
        """Check a text of a request against the limits; raises InvalidInput or TooLarge."""
        return clean(text, what, self.settings.max_text_characters)

    def fault(self) -> str | None:
        """Why no search can be answered now, found by a tiny real one; None when all is well."""
        try:
            collection = self.collection()
            if collection.counts():
                collection.search("ready?", k=1)
        except IsoglotError as error:
            return error.message
        return None

    def close(self) -> None:
        """Close all collections."""
        self.catalog.close()


def _engine(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


EngineOf = Annotated[Engine, Depends(_engine)]
"""For routes: the engine of the running app."""
