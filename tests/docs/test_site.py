"""The site builds with strict links, and nothing in it is fetched from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT

FETCHED = {
    "link": "href",
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "object": "data",
}
"""What a browser fetches by itself; links that people follow may lead anywhere."""


class Fetched(HTMLParser):
    """Collects the addresses a page makes a browser fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if (
            tag in FETCHED
            and (address := given.get(FETCHED[tag]))
            and given.get("rel") not in {"canonical", "prev", "next"}
        ):
            self.addresses.append(address)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_there_and_fetches_nothing_from_elsewhere(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        parser = Fetched()
        parser.feed(page.read_text(encoding="utf-8"))
        assert parser.addresses, "styles at least"
        strays = [address for address in parser.addresses if re.match(r"(?:\w+:)?//", address)]
        assert not strays, f"{page.name} fetches {strays}"


def test_styles_fetch_nothing_from_elsewhere(site: Path) -> None:
    for style in site.rglob("*.css"):
        assert not re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)\"']*", style.read_text(encoding="utf-8")), (
            style.name
        )


def test_code_is_left_out_and_every_picture_came_along(site: Path) -> None:
    assert not list(site.rglob("*.py"))
    pictures = {
        path.relative_to(ROOT / "docs") for kind in ("png", "svg") for path in (ROOT / "docs").rglob(f"*.{kind}")
    }
    assert all((site / picture).is_file() for picture in pictures)
