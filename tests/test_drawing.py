"""docs/architecture.svg draws what the code imports: wings, folders, and every arrow between them."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import grimp
import pytest

ROOT = Path(__file__).parent.parent
WINGS = ("index", "service", "training")
DRAWING = ElementTree.parse(ROOT / "docs" / "architecture.svg").getroot()


def drawn(attribute: str) -> set[str]:
    return {element.attrib[attribute] for element in DRAWING.iter() if attribute in element.attrib}


def folder(module: str) -> str | None:
    """The folder of a wing that a module lies in; None for files of the wing itself."""
    parts = module.split(".")
    place = Path(*parts[:2])
    return str(place) if (ROOT / place).is_dir() and len(parts) > 1 else None


@pytest.fixture(scope="module")
def arrows() -> set[tuple[str, str]]:
    """Who imports whom: between wings, and between folders; a wing's own files use its folders and are used by them."""
    graph = grimp.build_graph(*WINGS, cache_dir=None)
    found = set()
    for user in graph.modules:
        for used in graph.find_modules_directly_imported_by(user):
            found.add((user.split(".")[0], used.split(".")[0]))
            if (a := folder(user)) and (b := folder(used)):
                found.add((a, b))
    return {(a, b) for a, b in found if a != b}


def test_every_arrow_is_drawn_and_no_other(arrows: set[tuple[str, str]]) -> None:
    lines = {(e.attrib["data-from"], e.attrib["data-to"]) for e in DRAWING.iter() if "data-from" in e.attrib}
    assert lines == arrows


def test_every_wing_and_folder_is_drawn() -> None:
    assert drawn("data-wing") == set(WINGS)
    there = {str(path.parent.relative_to(ROOT)) for wing in WINGS for path in (ROOT / wing).glob("*/__init__.py")}
    assert drawn("data-folder") == there
