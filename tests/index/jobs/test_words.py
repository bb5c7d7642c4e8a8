"""A new version of a collection can be searched by words where the old one could."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from index.catalog import Catalog
from index.jobs import JobSpec, build
from index.settings import IndexSettings
from tests.conftest import make_encoder, write_lines
from tests.index.jobs.tools import line, run

ROWS = [line(n, title=f"T{n}") for n in range(20)]


def switch_on(settings: IndexSettings) -> None:
    with closing(Catalog(settings.place(), settings.load_encoder())) as catalog:
        catalog.get("docs").index.lexical.switch(True)


def found(settings: IndexSettings) -> list[str]:
    with closing(Catalog(settings.place(), settings.load_encoder(), read_only=True)) as catalog:
        return [hit.passage.title or "" for hit in catalog.get("docs").search("T7", mode="lexical").hits]


def test_a_version_built_beside_keeps_them(settings: IndexSettings, tmp_path: Path) -> None:
    run(settings, write_lines(tmp_path / "a.jsonl", ROWS[:10]), switch=True)
    switch_on(settings)
    run(settings, write_lines(tmp_path / "b.jsonl", ROWS), switch=True)
    assert found(settings) == ["T7"]


def test_a_version_of_another_encoder_keeps_them(settings: IndexSettings, tmp_path: Path) -> None:
    run(settings, write_lines(tmp_path / "a.jsonl", list(ROWS)))
    switch_on(settings)
    other = str(make_encoder(tmp_path / "second", seed=1, name="second", dimension=24))
    build(JobSpec.load(kind="reencode", collection="docs", encoder=other), settings)
    assert found(settings.model_copy(update={"encoder": other})) == ["T7"]
