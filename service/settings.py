"""Settings of the service, from the environment (prefix `ISOGLOT_`) or a `.env` file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field

from index.demo import DEMO
from index.question import MAX_HITS
from index.settings import IndexSettings
from service.keys import ApiKey, KeyRing, read_keys

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

    keys_file: Path | None = Field(
        None, description="File of API keys, one JSON object a line (`isoglot keys` makes them); unset asks for no key."
    )
    keys: list[ApiKey] = Field([], description="API keys as a JSON list of the same objects, beside those of the file.")
    open_without_keys: bool = Field(
        False, description="Listen beyond this machine without any API key: whoever reaches the port may do everything."
    )
    requests_per_minute: int | None = Field(
        None, ge=1, description="Requests an API key may make that does not say its own; unset means no limit."
    )
    cors_origins: list[str] = Field(
        [], description='Web pages of other origins that may call, as JSON (`["https://example.org"]`).'
    )

    max_body_bytes: int = Field(
        64 * 1024 * 1024, ge=1024, description="Largest request body accepted; a bigger one is answered 413."
    )
    max_held_bytes: int = Field(
        256 * 1024 * 1024, ge=1024, description="Bodies held at one time, all requests together; more is answered 429."
    )
    max_requests: int = Field(1024, ge=1, description="Requests worked on at one time; more is answered 429.")
    max_waiting: int = Field(
        4096, ge=1, description="Texts that may wait for an encoder; more is answered 429 with `Retry-After`."
    )
    queue_seconds: float = Field(
        0.5,
        gt=0,
        description="While more comes than can be done, seconds of work that a new search or embedding may find before "
        "it; more is answered 429. A burst, and what up to 64 clients ask, may wait up to half its deadline.",
    )
    max_texts: int = Field(
        1024, ge=1, description="Most texts one embedding request, and queries one search, may hold."
    )
    max_audit_queries: int = Field(
        600, ge=1, description="Most queries (questions times languages) that `POST /audit` may ask."
    )
    max_text_characters: int = Field(
        100_000, ge=1, description="Longest single text to embed or search, in characters."
    )
    max_hits: int = Field(MAX_HITS, ge=1, le=MAX_HITS, description="Most hits a search may ask for (`k`).")
    deadline_seconds: float = Field(
        30,
        gt=0,
        description="Time a request has before it is answered 503; `X-Timeout-Seconds` of a request may shorten it.",
    )
    bulk_deadline_seconds: float = Field(900, gt=0, description="The same for storing passages.")
    slow_client_seconds: float = Field(
        20,
        gt=0,
        description="A client that sends or takes nothing for so long, or less than 8 KiB a second, is cut off.",
    )
    hang_seconds: float = Field(
        3, gt=0, description="A search that runs longer than this makes readiness say no until it has ended."
    )
    shutdown_seconds: int = Field(
        30, ge=0, description="Time that accepted requests have to finish when the server stops."
    )
    batch_tokens: int = Field(1024, ge=1, description="Tokens, padding counted, that run through an encoder together.")

    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="How log lines look; `auto` is for people on a terminal and JSON elsewhere."
    )
    log_texts: bool = Field(False, description="Log what is asked, too; off because questions are personal.")
    otel_endpoint: str | None = Field(
        None,
        validation_alias=AliasChoices("ISOGLOT_OTEL_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT", "otel_endpoint"),
        description="OTLP endpoint (HTTP) to send OpenTelemetry traces to, such as `http://127.0.0.1:4318`; needs the "
        "extra `[otel]`. `OTEL_EXPORTER_OTLP_ENDPOINT` is read too.",
    )

    def key_ring(self) -> KeyRing:
        """The API keys of file and environment; raises InvalidInput when they cannot be read."""
        listed = read_keys(self.keys_file) if self.keys_file else []
        return KeyRing([*listed, *self.keys], self.requests_per_minute)
