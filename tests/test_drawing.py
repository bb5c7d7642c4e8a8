"""docs/architecture.svg draws what the code imports: wings, folders, and every arrow between them."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "docs"))
import drawing  # type: ignore[import-not-found]

SVG = ElementTree.parse(ROOT / "docs" / "architecture.svg").getroot()
WINGS = ("index", "service", "training")


def drawn(attribute: str) -> set[str]:
    return {element.attrib[attribute] for element in SVG.iter() if attribute in element.attrib}


@pytest.fixture(scope="module")
def arrows() -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = drawing.arrows()
    return found


def test_every_arrow_is_drawn_and_no_other(arrows: set[tuple[str, str]]) -> None:
    lines = {(e.attrib["data-from"], e.attrib["data-to"]) for e in SVG.iter() if "data-from" in e.attrib}
    assert lines == arrows, "`make docs` draws it anew"


def test_between_wings_there_are_two_arrows(arrows: set[tuple[str, str]]) -> None:
    assert {(a, b) for a, b in arrows if "/" not in a + b} == {("service", "index"), ("training", "index")}


def test_every_wing_and_folder_is_drawn() -> None:
    assert drawn("data-wing") == set(WINGS)
    there = {str(path.parent.relative_to(ROOT)) for wing in WINGS for path in (ROOT / wing).glob("*/__init__.py")}
    assert drawn("data-folder") == there
