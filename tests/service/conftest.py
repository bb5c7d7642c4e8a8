from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.app import create_app
from service.settings import Settings


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
