"""Every block of the docs runs, in order, in a scratch copy; one that cannot says why in a comment above it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, Block, blocks, pages
from tests.docs.stand_ins import Scratch

SHELL = ("bash", "console", "sh")
LEFT = {
    "docs/containers.md": "docker/test.sh runs them, where Docker can be had",
    "docs/indexing.md": "a test of its own runs them, beside the code",
    "models/isoglot-static/README.md": "trains for hours; the page is written by `isoglot card`",
}
"""Whole pages whose blocks are not run here, and why."""


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Vectors that several pages need are made once."""
    return tmp_path_factory.mktemp("cache")


def running(page: Path) -> list[Block]:
    return [block for block in blocks(page, *SHELL) if block.reason is None]


def has_something_to_run(page: Path) -> bool:
    return str(page.relative_to(ROOT)) not in LEFT and bool(running(page))


@pytest.mark.timeout(900)  # minutes on a busy machine: each command is a process of its own
@pytest.mark.parametrize(
    "page", [pytest.param(p, id=str(p.relative_to(ROOT))) for p in pages() if has_something_to_run(p)]
)
def test_blocks_run_in_order(page: Path, tmp_path: Path, cache: Path) -> None:
    scratch = Scratch(tmp_path, cache)
    try:
        for block in running(page):
            done = scratch.run(f"{block.first}\n{block.text}")
            told = f"{page.name}:{block.line}\n{block.text}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
            assert done.returncode == 0, told
    finally:
        scratch.stop()


def test_a_failing_command_is_noticed(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path, tmp_path)
    assert scratch.run("isoglot search x --languages klingon | cat").returncode != 0
    assert scratch.run("curl localhost:8000/health/live").returncode != 0, "nobody serves yet"
