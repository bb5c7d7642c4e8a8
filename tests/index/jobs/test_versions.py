"""Builds beside the live version, the gate and the switch."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import ir_measures
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import R, nDCG

from index.aliases import Aliases
from index.catalog import Catalog
from index.errors import Conflict, EncoderMismatch, MalformedLine
from index.jobs.gate import GateRefused, Scores, losses, read_questions
from index.jobs.listing import states
from index.local.build import build_segment
from index.local.manifest import SegmentFacts
from index.local.store import PassageStore
from index.measures import ndcg, rank_distance, recall
from index.places import LocalPlace
from index.settings import IndexSettings
from tests.conftest import make_encoder, write_lines
from tests.index.jobs.tools import Counting, held, line, run

ROWS = [
    {"id": "moon", "text": "moon", "language": "en"},
    {"id": "mond", "text": "mond", "language": "de"},
    {"id": "bread", "text": "bread", "language": "en"},
    {"id": "brot", "text": "brot", "language": "de"},
]
QUESTIONS = [
    {"query": "moon", "language": "en", "relevant": ["moon"]},
    {"query": "brot", "language": "de", "relevant": ["brot", "bread"]},
]


@given(st.lists(st.integers(1, 30), min_size=1, max_size=12, unique=True))
def test_measures_are_those_of_ir_measures(ranks: list[int]) -> None:
    documents = {f"d{rank}": 100.0 - rank for rank in range(1, 31)}
    qrels = {"q": {f"d{rank}": 1 for rank in ranks}}
    expected = ir_measures.calc_aggregate([R @ 10, nDCG @ 10], qrels, {"q": documents})
    assert recall(ranks) == pytest.approx(expected[R @ 10])
    assert ndcg(ranks) == pytest.approx(expected[nDCG @ 10])
    assert rank_distance(ranks) == (max(ranks) - min(ranks) if len(ranks) > 1 else None)


def test_a_switch_builds_beside_and_moves_the_alias(
    settings: IndexSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_lines(tmp_path / "a.jsonl", ROWS)
    first = run(settings, file, switch=True)
    aliases = Aliases(settings.collections)
    assert aliases.resolve("docs") == first.version and str(first.version).startswith("docs-20")
    monkeypatch.setattr("index.settings.Encoder", Counting)
    Counting.texts = 0
    write_lines(file, [*ROWS[1:], line(5)])
    second = run(settings, file, switch=True)
    assert second.version == f"{first.version}-2" == aliases.resolve("docs")
    assert Counting.texts == 1, "what the live version holds already is copied, not encoded"
    assert (second.tally.skipped.total(), second.tally.removed) == (3, 1)
    assert set(held(settings)) == {"mond", "bread", "brot", "p5"}
    assert set(held(settings, str(first.version))) == {"moon", "mond", "bread", "brot"}
    aliases.roll_back("docs")
    assert set(held(settings)) == {"moon", "mond", "bread", "brot"}


def test_the_alias_moves_when_a_service_can_open_the_new_version(
    settings: IndexSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, opened = LocalPlace.set_alias, []

    def move(self: LocalPlace, alias: str, name: str) -> None:
        """Open the version for writing, as a service does that is asked the moment the alias moves."""
        with closing(Catalog(settings.collections, settings.load_encoder())) as service:
            opened.append(service.get(name).counts())
        whole(self, alias, name)

    monkeypatch.setattr(LocalPlace, "set_alias", move)
    run(settings, write_lines(tmp_path / "a.jsonl", ROWS), switch=True)
    assert opened == [{"de": 2, "en": 2}]


def test_each_passage_is_linked_once_however_many_batches_there_are(
    settings: IndexSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[tuple[int, int]] = []

    def build(store: PassageStore, folder: Path, first: int, last: int, *given: Any) -> SegmentFacts | None:
        """Note what is linked."""
        built.append((first, last))
        return build_segment(store, folder, first, last, *given)

    monkeypatch.setattr("index.local.sealing.build_segment", build)
    fast = settings.model_copy(update={"exact_below": 10})
    run(fast, write_lines(tmp_path / "a.jsonl", [line(n) for n in range(60)]), batch=5)
    assert built == [(1, 60)]


def test_the_gate_refuses_what_a_language_loses_and_names_it(settings: IndexSettings, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "a.jsonl", ROWS)
    gate = str(write_lines(tmp_path / "questions.jsonl", list(QUESTIONS)))
    first = run(settings, file, switch=True, gate=gate)
    assert first.gate is not None and first.gate["new"]["en"] == {
        "questions": 1, "recall": 1.0, "ndcg": 1.0, "rank_distance": None,
    }  # fmt: skip
    write_lines(file, [row for row in ROWS if row["id"] != "brot"])
    with pytest.raises(GateRefused, match=r"de: R@10 1\.000 → 0\.500") as refused:
        run(settings, file, switch=True, gate=gate)
    assert all(loss.startswith("de:") for loss in refused.value.detail["losses"])
    assert Aliases(settings.collections).resolve("docs") == first.version
    assert states(settings)[0].status == "refused"
    accepted = run(settings, file, switch=True, gate=gate, bound=1.0, distance_bound=2000)
    assert accepted.version == refused.value.detail["version"] == Aliases(settings.collections).resolve("docs")


def test_a_version_of_another_encoder_is_judged_with_the_live_one_s(settings: IndexSettings, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "a.jsonl", ROWS)
    gate = str(write_lines(tmp_path / "questions.jsonl", list(QUESTIONS)))
    run(settings, file, switch=True)
    other = settings.model_copy(update={"encoder": str(make_encoder(tmp_path / "other", seed=1, name="other"))})
    with pytest.raises(EncoderMismatch, match="--live-encoder"):
        run(other, file, switch=True, gate=gate)
    done = run(other, file, switch=True, gate=gate, live_encoder=settings.encoder, bound=1, distance_bound=2000)
    assert done.gate is not None and set(done.gate["live"]) == {"de", "en"}
    assert set(held(other)) == {row["id"] for row in ROWS}


def test_losses_are_told_by_language() -> None:
    live = {
        "de": Scores(questions=9, recall=0.9, ndcg=0.8, rank_distance=10),
        "en": Scores(questions=9, recall=1, ndcg=1, rank_distance=None),
    }
    new = {
        "de": Scores(questions=9, recall=0.88, ndcg=0.7, rank_distance=70),
        "en": Scores(questions=9, recall=0.99, ndcg=1, rank_distance=5),
    }
    assert losses(new, live, 0.02, 50) == ["de: nDCG@10 0.800 → 0.700", "de: rank distance 10.0 → 70.0"]
    assert losses(new, live, 0.2, 100) == [] and losses(live, live, 0, 0) == []


@pytest.mark.parametrize(
    "row", ['{"query": "x"}', '{"query": "", "relevant": ["a"]}', "[", '{"query": "x", "relevant": []}']
)
def test_questions_that_cannot_be_read_stop_the_job_at_once(settings: IndexSettings, tmp_path: Path, row: str) -> None:
    gate = tmp_path / "q.jsonl"
    gate.write_text(json.dumps(QUESTIONS[0]) + "\n" + row + "\n", encoding="utf-8")
    with pytest.raises(MalformedLine, match="line 2"):
        read_questions(gate)
    with pytest.raises(MalformedLine):
        run(settings, write_lines(tmp_path / "a.jsonl", ROWS), switch=True, gate=str(gate))
    assert not list(settings.collections.glob("*/*"))


def test_an_alias_cannot_take_a_collection_s_name(settings: IndexSettings, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "a.jsonl", ROWS)
    run(settings, file)
    with pytest.raises(Conflict, match="cannot be an alias"):
        run(settings, file, switch=True)


def test_a_switch_resumes_in_the_version_it_began(
    settings: IndexSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_lines(tmp_path / "a.jsonl", [line(n) for n in range(40)])
    with monkeypatch.context() as patch:
        patch.setattr("index.jobs.job.begin_version", lambda *_: "docs-2020-01-01")
        patch.setattr("index.jobs.versions.Embedded", None)
        patch.setattr("index.jobs.job.Job._remove_vanished", _fail)
        with pytest.raises(RuntimeError):
            run(settings, file, switch=True)
    assert run(settings, file, switch=True).version == "docs-2020-01-01"


def _fail(*_: object) -> None:
    raise RuntimeError("killed")


def test_the_catalog_follows_aliases_and_guards_them(settings: IndexSettings, tmp_path: Path) -> None:
    state = run(settings, write_lines(tmp_path / "a.jsonl", ROWS), switch=True)
    with closing(Catalog(settings.collections, settings.load_encoder())) as catalog:
        assert catalog.get("docs") is catalog.get(str(state.version)) is catalog.create("docs")[0]
        assert catalog.names() == [state.version]
        for name in ("docs", str(state.version)):
            with pytest.raises(Conflict, match="alias"):
                catalog.delete(name)
        catalog.place.drop_alias("docs")
        catalog.delete(str(state.version))
