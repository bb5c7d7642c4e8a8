"""Whole jobs: what ends up in the collection, and what is told of the rest."""

from __future__ import annotations

import gzip
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as given_settings
from hypothesis import strategies as st

from index.collection import Added, Collection
from index.errors import EncoderMismatch, InvalidInput, IsoglotError, NotFound
from index.jobs import JobSpec, JobStopped, build
from index.jobs.listing import forget, state_of, states
from index.settings import IndexSettings
from tests.conftest import make_encoder, write_lines
from tests.index.jobs.tools import Counting, held, line, rejected, run


def test_a_second_run_encodes_nothing(settings: IndexSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.settings.Encoder", Counting)
    Counting.texts = 0
    file = write_lines(tmp_path / "a.jsonl", [line(n) for n in range(50)])
    first = run(settings, file, batch=8)
    assert (first.status, first.tally.written.total(), Counting.texts) == ("done", 50, 50)
    again = run(settings, file, batch=8)
    assert (again.tally.skipped.total(), again.tally.written.total(), Counting.texts) == (50, 0, 50)
    write_lines(file, [line(n, title="New") if n == 7 else line(n) for n in range(51)])
    changed = run(settings, file, batch=8)
    assert (changed.tally.written.total(), Counting.texts) == (2, 52)
    assert held(settings)["p7"][0].title == "New"


@pytest.mark.parametrize(
    "changes",
    [{"title": "T"}, {"language": "fr"}, {"metadata": {"n": 1}}, {"text": "luna"}],
    ids=lambda c: next(iter(c)),
)
def test_whatever_changes_is_written_again(settings: IndexSettings, tmp_path: Path, changes: dict[str, object]) -> None:
    file = write_lines(tmp_path / "a.jsonl", [line(1)])
    run(settings, file)
    write_lines(file, [line(1, **changes)])
    assert run(settings, file).tally.written.total() == 1
    passage = held(settings)["p1"][0]
    assert all(getattr(passage, name) == value for name, value in changes.items())


def test_sync_removes_what_vanished(settings: IndexSettings, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "a.jsonl", [line(n) for n in range(30)])
    run(settings, file)
    write_lines(file, [line(n) for n in range(0, 30, 2)])
    assert run(settings, file).tally.removed == 0 and len(held(settings)) == 30
    assert run(settings, file, sync=True).tally.removed == 15
    assert set(held(settings)) == {f"p{n}" for n in range(0, 30, 2)}


def test_sync_keeps_what_is_merely_broken(settings: IndexSettings, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "a.jsonl", [line(n) for n in range(4)])
    run(settings, file)
    write_lines(file, [line(0), line(1, text=" ")])
    state = run(settings, file, sync=True)
    assert (state.tally.removed, set(held(settings))) == (2, {"p0", "p1"})
    file.write_text('{"id": "p0"', encoding="utf-8")
    state = run(settings, file, sync=True)
    assert state.tally.removed == 0 and "no id that can be read" in str(state.note)
    assert set(held(settings)) == {"p0", "p1"}


@given_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(data=st.data())
def test_whatever_is_read_is_written_skipped_or_rejected(
    settings: IndexSettings, tmp_path: Path, data: st.DataObject
) -> None:
    ids = st.integers(0, 12).map(lambda n: f"p{n}")
    row = st.one_of(
        st.builds(lambda i, text: {"id": i, "text": text}, ids, st.sampled_from(["moon", "tide", " ", "brot 1"])),
        st.sampled_from([3, {}, {"id": "x"}, {"id": "q", "text": "luna", "language": "xxxx"}]),
    )
    rows = data.draw(st.lists(row, max_size=30))
    file = write_lines(tmp_path / "rows.jsonl", rows)
    batch = data.draw(st.integers(1, 9))
    state = run(settings, file, collection="p", batch=batch, sync=True)
    tally = state.tally
    assert tally.read == len(rows) == tally.written.total() + tally.skipped.total() + tally.rejected.total()
    assert len(rejected(settings, state)) == tally.rejected.total()
    assert all(sum(counts.values()) == 2 * counts["read"] for counts in tally.by_language().values())
    first: dict[str, str] = {}
    for r in rows:
        if isinstance(r, dict) and r.get("text", " ").strip() and "language" not in r:
            first.setdefault(r["id"], r["text"])
    stored = {identity: passage.text for identity, (passage, _) in held(settings, "p").items()}
    assert first.items() <= stored.items()
    if not tally.unidentified:
        assert set(stored) <= {r["id"] for r in rows if isinstance(r, dict)}


def test_a_stopped_job_goes_on(settings: IndexSettings, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "a.jsonl", [line(n) for n in range(40)])
    spec = JobSpec(sources=[str(file)], collection="docs", batch=10)
    stop = threading.Event()
    with pytest.raises(JobStopped):
        build(spec, settings, lambda state: stop.set() if state.tally.read >= 20 else None, stop)
    stopped = states(settings)[0]
    assert (stopped.status, stopped.tally.read) == ("stopped", 20)
    done = build(spec, settings)
    assert (done.id, done.tally.written.total(), done.tally.skipped.total()) == (stopped.id, 40, 0)


def test_a_failure_is_kept_and_the_job_goes_on(
    settings: IndexSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_lines(tmp_path / "a.jsonl", [line(n) for n in range(40)])
    spec = JobSpec(sources=[str(file)], collection="docs", batch=10)
    whole, calls = Collection.upsert, iter(range(100))

    def fails_third(self: Collection, *given: Any) -> Added:
        if next(calls) == 2:
            raise IsoglotError("the disk is on fire")
        return whole(self, *given)

    with monkeypatch.context() as patch:
        patch.setattr(Collection, "upsert", fails_third)
        with pytest.raises(IsoglotError, match="on fire"):
            build(spec, settings)
    failed = states(settings)[0]
    assert (failed.status, failed.error, failed.tally.read) == ("failed", "the disk is on fire", 20)
    assert build(spec, settings).tally.written.total() == 40


def test_sources_that_are_none_are_told_before_anything_is_made(settings: IndexSettings, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"none\.jsonl"):
        run(settings, tmp_path / "none.jsonl")
    with pytest.raises(InvalidInput, match="format"):
        run(settings, write_lines(tmp_path / "a.xyz", []))
    with pytest.raises(InvalidInput, match="collection name"):
        run(settings, write_lines(tmp_path / "a.jsonl", []), collection="No Name")
    assert not settings.data.exists()


def test_several_sources_are_one_job(settings: IndexSettings, tmp_path: Path) -> None:
    one = write_lines(tmp_path / "a.jsonl", [line(n) for n in range(5)])
    two = tmp_path / "b.jsonl.gz"
    two.write_bytes(gzip.compress("".join(json.dumps(line(n)) + "\n" for n in range(4, 9)).encode()))
    state = run(settings, one, two, batch=3)
    assert set(held(settings)) == {f"p{n}" for n in range(9)}
    assert [(row["source"], row["line"]) for row in rejected(settings, state)] == [(str(two), 1)]


def test_documents_are_split_and_detected(settings: IndexSettings, tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    (folder / "sub").mkdir(parents=True)
    sentences = "Die Ebbe kommt zweimal am Tag. Der Mond zieht das Wasser an. " * 20
    (folder / "sub" / "gezeiten.md").write_text(f"# Gezeiten\n\n{sentences}\n", encoding="utf-8")
    (folder / "bad.txt").write_bytes(b"caf\xe9")
    state = run(settings, folder, length=300, overlap=60)
    found = held(settings)
    assert set(found) == {f"sub/gezeiten.md#{n}" for n in range(1, len(found) + 1)} and len(found) > 4
    assert {(passage.title, passage.language) for passage, _ in found.values()} == {("Gezeiten", "de")}
    assert [row["file"] for row in rejected(settings, state)] == ["bad.txt"]


def test_another_encoder_s_collection_is_refused(settings: IndexSettings, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "a.jsonl", [line(1)])
    run(settings, file)
    other = settings.model_copy(update={"encoder": str(make_encoder(tmp_path / "other", seed=1, name="other"))})
    with pytest.raises(EncoderMismatch):
        run(other, file)
    assert states(settings)[0].status == "failed"


def test_jobs_are_listed_and_forgotten(settings: IndexSettings, tmp_path: Path) -> None:
    state = run(settings, write_lines(tmp_path / "a.jsonl", [line(1)]))
    assert state_of(settings, state.id).status == "done"
    assert [found.id for found in states(settings)] == [state.id]
    forget(settings, state.id)
    assert states(settings) == [] and len(held(settings)) == 1
    for name in (state.id, "../collections", ".."):
        with pytest.raises(NotFound):
            state_of(settings, name)
