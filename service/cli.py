"""`isoglot serve` and `isoglot keys`."""

from __future__ import annotations

import ipaddress
import logging
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer
from rich.console import Console

from index.errors import InvalidInput
from service.scopes import Scope

if TYPE_CHECKING:
    from service.settings import Settings

__all__ = ["register"]

_log = logging.getLogger("isoglot.serve")


def register(app: typer.Typer) -> None:
    """Add this wing's verbs to `isoglot`."""
    app.command()(serve)
    app.command()(keys)


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
    import uvicorn

    from service.app import create_app
    from service.engine import Engine
    from service.logs import configure_logging
    from service.settings import Settings
    from service.shedding import shedding_protocol

    settings = Settings.load(port=port, host=host, encoder=encoder, data=data)
    configure_logging(settings.log_level, settings.log_format)
    _require_keys(settings)
    _require_free(settings.host, settings.port)
    Console(stderr=True).print(
        f"Isoglot: encoder {settings.encoder}, data in {settings.data}; "
        f"page http://{settings.host}:{settings.port}/  API http://{settings.host}:{settings.port}/docs",
        soft_wrap=True,
    )
    # Loaded here rather than by the server, so that a fault is one line and not a traceback.
    engine = Engine(settings)
    app = create_app(settings, engine)
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        http=shedding_protocol(settings, engine.metrics),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )


def _require_keys(settings: Settings) -> None:
    """Refuse to listen beyond this machine for everybody, unless that is what is wanted; raises InvalidInput."""
    if settings.key_ring() or _is_loopback(settings.host):
        return
    if not settings.open_without_keys:
        raise InvalidInput(
            f"{settings.host} can be reached from other machines and there is no API key. Make one with `isoglot keys` "
            "and set ISOGLOT_KEYS_FILE, or set ISOGLOT_OPEN_WITHOUT_KEYS=true to let everybody in."
        )
    _log.warning("No API key is asked for: whoever reaches %s:%d may do everything.", settings.host, settings.port)


def _require_free(host: str, port: int) -> None:
    """Raise InvalidInput when nothing can listen there, before an encoder is loaded in vain."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        raise InvalidInput(
            f"Nothing can listen on {host}:{port}: {error.strerror or error}. Choose another port with --port, or "
            "PORT=8080 make serve; the address is ISOGLOT_HOST."
        ) from error


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name, which may mean anything
        return False


def _scope(given: str) -> Scope:
    # typer's own check of a Literal shows the words of a library underneath it.
    for known in get_args(Scope):
        if given == known:
            return cast(Scope, known)
    raise typer.BadParameter(f"{given!r} is no scope; use {', '.join(get_args(Scope))}.")


def keys(
    name: Annotated[str, typer.Argument(help="What the log calls the key, such as the program that uses it.")],
    scope: Annotated[
        Scope,
        typer.Option(
            parser=_scope,
            metavar="read|write|admin",
            help="read searches and embeds, write stores and deletes passages too, admin does the rest.",
        ),
    ],
    file: Annotated[Path, typer.Option(help="File to add the key to; made when absent.")] = Path("keys.jsonl"),
    per_minute: Annotated[
        int | None, typer.Option(min=1, help="Requests a minute; default no limit of its own.")
    ] = None,
) -> None:
    """Make an API key: it is printed once, and only its hash is kept in the file.

    Serve with it by `ISOGLOT_KEYS_FILE=keys.jsonl`. To take a key back, delete its line and restart the service.

    Example: `isoglot keys web --scope read --per-minute 600`
    """
    from service.keys import make_key, read_keys

    if file.exists() and any(key.name == name for key in read_keys(file)):
        raise InvalidInput(f"{file} has a key named {name!r} already; delete its line first, or give another name.")
    secret, kept = make_key(name, scope, per_minute)
    with file.open("a", encoding="utf-8") as lines:
        lines.write(kept.model_dump_json(exclude_none=True) + "\n")
    file.chmod(0o600)
    typer.echo(secret)
