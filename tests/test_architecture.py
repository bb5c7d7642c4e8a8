"""docs/architecture.md has a line for every file, by its name or by its folder's."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_every_file_has_its_line() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    named = {path for row in rows for path in re.findall(r"`([\w/*]+(?:\.py|/))`", row.split("|")[1])}
    files = {
        path.relative_to(ROOT) for wing in ("index", "service", "training") for path in (ROOT / wing).rglob("*.py")
    }
    missing = [
        str(file)
        for file in sorted(files)
        if file.name not in {"__init__.py", "cli.py"} and str(file) not in named and f"{file.parent}/" not in named
    ]
    assert not missing


def test_every_line_has_its_file() -> None:
    assert all((ROOT / path).exists() for path in re.findall(r"`((?:index|service|training)/[\w/.]+)`", PAGE))
