"""Settings of the service, from the environment (prefix `ISOGLOT_`) or a `.env` file."""

from __future__ import annotations

from pydantic import AliasChoices, Field

from index.catalog import DEMO
from index.settings import IndexSettings

__all__ = ["Settings"]


class Settings(IndexSettings):
    """Everything that can be set; `docs/settings.md` is made from this object."""

    host: str = Field("127.0.0.1", description="Address to listen on; the default is reachable from this machine only.")
    port: int = Field(
        8000,
        ge=0,
        le=65535,
        validation_alias=AliasChoices("ISOGLOT_PORT", "PORT", "port"),
        description="Port to listen on; `PORT` is read too.",
    )
    collection: str = Field(DEMO, description="Collection searched when a request names none.")
    demo: bool = Field(True, description="Make and fill the demo collection when it is absent.")
    max_body_bytes: int = Field(
        64 * 1024 * 1024, ge=1024, description="Largest request body accepted; a bigger one is answered 413."
    )
    max_texts: int = Field(1024, ge=1, description="Most texts one `POST /embed` may hold.")
    max_text_characters: int = Field(
        100_000, ge=1, description="Longest single text accepted by `POST /embed` and `POST /search`, in characters."
    )
