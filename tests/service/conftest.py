from __future__ import annotations

import contextlib
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi.testclient import TestClient

from service.app import create_app
from service.engine import Engine
from service.settings import Settings
from service.shedding import shedding_protocol


@pytest.fixture
def settings(tmp_path: Path, encoder_folder: Path) -> Settings:
    return Settings(
        data=tmp_path / "data", encoder=str(encoder_folder), threads=1, max_body_bytes=100_000, max_texts=4,
        max_text_characters=1000,
    )  # fmt: skip


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), raise_server_exceptions=False) as opened:
        yield opened


Serve = Callable[..., contextlib.AbstractContextManager[tuple[str, Engine]]]


@pytest.fixture
def serve(settings: Settings) -> Serve:
    """Serve over a real socket, as `isoglot serve` does; gives the address and the engine."""

    @contextlib.contextmanager
    def serving(**changes: object) -> Iterator[tuple[str, Engine]]:
        changed = settings.model_copy(update=changes)
        engine = Engine(changed)
        config = uvicorn.Config(
            create_app(changed, engine), http=shedding_protocol(changed, engine.metrics), ws="none", log_config=None,
            access_log=False, server_header=False,
        )  # fmt: skip
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            server = uvicorn.Server(config)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            while not server.started:
                time.sleep(0.01)
            try:
                yield f"http://127.0.0.1:{listener.getsockname()[1]}", engine
            finally:
                server.should_exit = True
                thread.join(30)

    return serving


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_QUIET = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update",
          "--disable-sync"]  # fmt: skip


@pytest.fixture
def page() -> Iterator[Any]:
    """A page of a fresh browser that has never been here; it fails for what goes wrong in its scripts."""
    from playwright.sync_api import sync_playwright

    wrong: list[str] = []
    with sync_playwright() as opened:
        browser = opened.chromium.launch(executable_path=CHROMIUM, args=_QUIET)
        made = browser.new_context().new_page()
        made.on("pageerror", lambda error: wrong.append(str(error)))
        yield made
        browser.close()
    assert not wrong
