"""A collection's encoder changed: what is held before and after, through kills and writes."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from index.aliases import Aliases
from index.catalog import Catalog
from index.cli import app
from index.encoder import Encoder
from index.errors import CollectionInUse, Conflict, InvalidInput, IsoglotError, NotFound
from index.jobs import JobSpec, JobState, JobStopped, build
from index.jobs.gate import GateRefused
from index.jobs.listing import states
from index.merging.rules import parse_merge
from index.passages import Passage
from index.settings import IndexSettings
from tests.conftest import make_encoder, write_lines
from tests.index.jobs.tools import held, line, run

ROWS = [line(n, metadata={"n": n}, title=f"T{n}") for n in range(60)]


@pytest.fixture
def other(tmp_path: Path) -> str:
    """A second encoder, whose vectors have another length."""
    return str(make_encoder(tmp_path / "second", seed=1, name="second", dimension=24))


@pytest.fixture
def after(settings: IndexSettings, other: str) -> IndexSettings:
    """The same place, seen with the second encoder."""
    return settings.model_copy(update={"encoder": other})


def reencode(settings: IndexSettings, encoder: str, **given: Any) -> JobState:
    stop, report = given.pop("stop", None), given.pop("report", lambda _: None)
    spec = JobSpec.load(kind="reencode", collection="docs", encoder=encoder, **given)
    return build(spec, settings, report, stop)


def check(settings: IndexSettings, rows: list[dict[str, Any]]) -> None:
    """The collection holds these rows, each with the vector of the encoder that is set."""
    found, encoder = held(settings), Encoder(settings.encoder)
    assert set(found) == {row["id"] for row in rows}
    for row in rows:
        passage, vector = found[row["id"]]
        assert (passage.text, passage.language) == (row["text"], row["language"])
        assert (passage.title, passage.metadata) == (row.get("title"), row.get("metadata", {}))
        expected = encoder.encode([passage.searchable], "passage")[0]
        assert np.allclose(np.frombuffer(vector, np.float32), expected, atol=1e-6)


@pytest.mark.parametrize("switch", [False, True], ids=["a plain collection", "behind an alias"])
def test_everything_is_encoded_anew_and_the_old_version_stays(
    settings: IndexSettings, after: IndexSettings, tmp_path: Path, switch: bool
) -> None:
    first = run(settings, write_lines(tmp_path / "a.jsonl", list(ROWS)), switch=switch)
    before = held(settings, str(first.version))
    state = reencode(settings, after.encoder, batch=7)
    assert (state.status, state.tally.written.total(), state.fraction) == ("done", 60, 1.0)
    check(after, ROWS)
    aliases = Aliases(settings.collections)
    old = aliases.all()["docs"].previous[0]
    assert old == (first.version if switch else f"docs-{Encoder(settings.encoder).fingerprint[:12]}")
    assert held(settings, old) == before
    aliases.roll_back("docs")
    assert held(settings) == before


def test_both_encoders_collections_are_open_at_once(
    settings: IndexSettings, after: IndexSettings, tmp_path: Path
) -> None:
    file = write_lines(tmp_path / "a.jsonl", list(ROWS))
    run(settings, file)
    run(settings, file, collection="rest")
    reencode(settings, after.encoder)
    encoders = settings.model_copy(update={"encoders": [after.encoder]}).open_encoders()
    with closing(Catalog(settings.place(), encoders.default, encoders=encoders)) as catalog:
        docs, rest = catalog.get("docs"), catalog.get("rest")
        assert (docs.encoder.name, rest.encoder.name) == ("second", "tiny")
        for collection in (docs, rest):
            best = collection.search(f"{ROWS[3]['title']} {ROWS[3]['text']}", 3)
            assert best.hits[0].score == pytest.approx(1, abs=1e-5)


def test_the_rule_of_merging_is_kept(settings: IndexSettings, after: IndexSettings, tmp_path: Path) -> None:
    run(settings, write_lines(tmp_path / "a.jsonl", list(ROWS)))
    rule = parse_merge({"rule": "shift", "strength": 0.5})
    with closing(Catalog(settings.place(), settings.load_encoder())) as catalog:
        catalog.get("docs").set_merge(rule)
    reencode(settings, after.encoder)
    with closing(Catalog(after.place(), after.load_encoder())) as catalog:
        assert catalog.get("docs").merge == rule


def test_a_stopped_one_goes_on_and_takes_what_came_meanwhile(
    settings: IndexSettings, after: IndexSettings, tmp_path: Path
) -> None:
    run(settings, write_lines(tmp_path / "a.jsonl", list(ROWS)))
    stop = threading.Event()
    with pytest.raises(JobStopped):
        reencode(
            settings, after.encoder, batch=10, stop=stop, report=lambda s: stop.set() if s.tally.read >= 20 else None
        )
    stopped = states(settings)[0]
    assert stopped.status == "stopped" and 20 <= stopped.tally.read < 60
    check(settings, ROWS)
    ids = sorted(row["id"] for row in ROWS)
    changed = [{**row, "text": "luna"} if row["id"] == ids[0] else row for row in ROWS if row["id"] != ids[1]]
    changed.append(line(0, id="p00"))
    with closing(Catalog(settings.place(), settings.load_encoder())) as catalog:
        collection = catalog.get("docs")
        collection.upsert([Passage.from_json(row) for row in (changed[-1], {**ROWS[0], "id": ids[0], "text": "luna"})])
        collection.delete([ids[1]])
    done = reencode(settings, after.encoder, batch=10)
    assert (done.id, done.version, done.status) == (stopped.id, stopped.version, "done")
    assert set(held(after)) == {row["id"] for row in changed}
    assert held(after)[ids[0]][0].text == "luna"


def test_a_kill_behind_the_changeover_leaves_nothing_to_do(
    settings: IndexSettings, after: IndexSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(settings, write_lines(tmp_path / "a.jsonl", list(ROWS)))
    from index.jobs import reencoding

    whole = reencoding.put_in_place

    def killed(*given: Any) -> None:
        whole(*given)
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(reencoding, "put_in_place", killed)
        with pytest.raises(RuntimeError):
            reencode(settings, after.encoder)
    assert reencode(settings, after.encoder).status == "done"
    check(after, ROWS)
    assert len(Aliases(settings.collections).all()["docs"].previous) == 1


def test_the_name_of_a_collection_that_is_open_is_given_away_and_changed_later(
    settings: IndexSettings, after: IndexSettings, tmp_path: Path
) -> None:
    run(settings, write_lines(tmp_path / "a.jsonl", list(ROWS)))
    place = settings.place()
    aside = f"docs-{Encoder(settings.encoder).fingerprint[:12]}"
    with closing(place.open("docs", {})):
        run(after, write_lines(tmp_path / "b.jsonl", list(ROWS)), collection="new")
        place.take_over("docs", "new", aside)
        assert place.resolve("docs") == "new" and place.has("docs") and not place.has(aside)
    with closing(Catalog(settings.place(), settings.load_encoder())):
        assert place.has(aside) and not place.has("docs")
    assert Aliases(settings.collections).all()["docs"].renames is None
    assert "renames" not in (settings.collections / "aliases.json").read_text()


def test_an_open_collection_is_left_to_who_has_it_open(
    settings: IndexSettings, after: IndexSettings, tmp_path: Path
) -> None:
    run(settings, write_lines(tmp_path / "a.jsonl", list(ROWS)))
    with closing(settings.place().open("docs", {})), pytest.raises(CollectionInUse):
        reencode(settings, after.encoder)
    check(settings, ROWS)


def test_the_gate_stands_before_the_change(settings: IndexSettings, after: IndexSettings, tmp_path: Path) -> None:
    run(settings, write_lines(tmp_path / "a.jsonl", list(ROWS)))
    questions = [{"query": f"T{n} {ROWS[n]['text']}", "relevant": [f"p{n}"], "language": "en"} for n in (0, 4, 8)]
    gate = str(write_lines(tmp_path / "q.jsonl", list(questions)))
    blind = make_encoder(tmp_path / "blind", seed=2, name="blind", maximum_tokens=1)
    with pytest.raises(GateRefused, match="en: "):
        reencode(settings, str(blind), gate=gate, live_encoder=settings.encoder)
    check(settings, ROWS)
    assert reencode(settings, after.encoder, gate=gate, live_encoder=settings.encoder, bound=1).status == "done"


def test_what_cannot_be_is_told(settings: IndexSettings, after: IndexSettings, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no collection 'docs'"):
        reencode(settings, after.encoder)
    run(settings, write_lines(tmp_path / "a.jsonl", list(ROWS)))
    with pytest.raises(Conflict, match="already"):
        reencode(settings, settings.encoder)
    with pytest.raises(NotFound, match="no encoder"):
        reencode(settings, "none")
    for given in ({"encoder": None}, {"sources": ["a.jsonl"]}):
        with pytest.raises(InvalidInput, match="reencode takes an encoder"):
            JobSpec.load(**{"kind": "reencode", "collection": "docs", "encoder": "x", **given})
    with pytest.raises(InvalidInput, match="sources"):
        JobSpec.load(collection="docs")


def test_the_command_changes_it(settings: IndexSettings, after: IndexSettings, tmp_path: Path) -> None:
    run(settings, write_lines(tmp_path / "a.jsonl", list(ROWS)))
    done = CliRunner().invoke(
        app, ["index", "reencode", "docs", "--encoder", after.encoder, "--data", str(settings.data)]
    )
    assert done.exit_code == 0, done.output
    assert "60 read" in done.output and "points to" in done.output
    check(after, ROWS)


def progress(settings: IndexSettings) -> int:
    """Passages a `reencode` has read so far."""
    with suppress(IsoglotError):  # killed before its first entry
        return max((state.tally.read for state in states(settings) if state.spec.kind == "reencode"), default=0)
    return 0


def test_kill_9_at_random_loses_nothing(settings: IndexSettings, after: IndexSettings, tmp_path: Path) -> None:
    rows = [line(n) for n in range(3000)]
    run(settings, write_lines(tmp_path / "a.jsonl", list(rows)))
    arguments = ["index", "reencode", "docs", "--encoder", after.encoder, "--batch", "8", "--data", str(settings.data)]
    command = [sys.executable, "-c", "from index.cli import main; main()", *arguments]
    reached, dice = 0, random.Random()
    for _ in range(4):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        goal = reached + dice.randrange(1, 600)
        while process.poll() is None and reached < goal:
            time.sleep(0.01)
            reached = progress(settings)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert reached > 0
    assert subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == 0
    check(after, rows)
    tally = states(settings)[0].tally
    assert tally.read == 3000, "what a kill left stored but not entered counts as skipped"
