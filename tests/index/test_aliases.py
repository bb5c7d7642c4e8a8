"""Aliases: moved in one step, rolled back, read by other processes."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from index.aliases import FILE, Aliases
from index.errors import Conflict, DamagedCollection, InvalidInput, NotFound


def test_an_alias_moves_and_rolls_back(tmp_path: Path) -> None:
    aliases = Aliases(tmp_path)
    assert aliases.resolve("docs") == "docs" and aliases.all() == {}
    for version in ("v1", "v2", "v2", "v3"):
        aliases.move("docs", version)
    assert aliases.resolve("docs") == "v3" and aliases.all()["docs"].previous == ("v2", "v1")
    assert aliases.pointing_to("v3") == ["docs"] and aliases.pointing_to("v2") == []
    assert aliases.roll_back("docs").target == "v2" and aliases.roll_back("docs").target == "v1"
    with pytest.raises(NotFound, match="no version before"):
        aliases.roll_back("docs")
    aliases.remove("docs")
    with pytest.raises(NotFound):
        aliases.remove("docs")


def test_what_cannot_be_an_alias_is_told(tmp_path: Path) -> None:
    aliases = Aliases(tmp_path)
    (tmp_path / "docs").mkdir()
    aliases.move("live", "docs")
    with pytest.raises(Conflict, match="name of a collection"):
        aliases.move("docs", "v1")
    with pytest.raises(Conflict, match="alias itself"):
        aliases.move("other", "live")
    with pytest.raises(InvalidInput):
        aliases.move("No Name", "v1")
    assert set(aliases.all()) == {"live"}


@pytest.mark.parametrize("body", ["[]", "{", '{"docs": 1}', '{"docs": {"goal": "v1"}}'])
def test_a_damaged_file_is_told(tmp_path: Path, body: str) -> None:
    (tmp_path / FILE).write_text(body, encoding="utf-8")
    with pytest.raises(DamagedCollection, match="cannot be understood"):
        Aliases(tmp_path).resolve("docs")


def _move(folder: Path, name: str) -> None:
    for number in range(20):
        Aliases(folder).move(name, f"v{number}")


def test_moves_of_several_processes_lose_none(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    movers = [context.Process(target=_move, args=(tmp_path, f"a{n}")) for n in range(3)]
    for mover in movers:
        mover.start()
    for mover in movers:
        mover.join()
    assert {name: alias.target for name, alias in Aliases(tmp_path).all().items()} == dict.fromkeys(
        ["a0", "a1", "a2"], "v19"
    )
