from __future__ import annotations

from pathlib import Path

import pytest

from index.settings import IndexSettings


@pytest.fixture
def settings(tmp_path: Path, encoder_folder: Path) -> IndexSettings:
    return IndexSettings(data=tmp_path / "data", encoder=str(encoder_folder), threads=1)
