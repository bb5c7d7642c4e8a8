from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.app import create_app
from service.settings import Settings


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Iterator[TestClient]:
    settings = Settings(
        data=tmp_path_factory.mktemp("data"), encoder=str(encoder_folder), threads=1, max_body_bytes=100_000
    )
    with TestClient(create_app(settings), raise_server_exceptions=False) as opened:
        yield opened
