from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import Conflict, InvalidInput, IsoglotError, MalformedLine, UnknownLanguage
from tests.training.translation.stand_in import Backwards
from training.groups import Group, read_groups, write_groups
from training.translation.engine import TranslationStopped
from training.translation.job import translate_groups

GROUPS = [
    Group(
        "a", {"en": "Why do tides rise?"}, {"en": "The moon pulls at the sea.", "de": "Der Mond zieht am Meer."}, "s"
    ),
    Group("b", {"en": "Why do tides rise?"}, {"en": "Because."}, "s", {"en": ["No."]}),
    Group("c", {"fr": "Pourquoi ?"}, {"en": "Because of the moon."}, "s"),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_groups(GROUPS, tmp_path / "groups.jsonl")
    return tmp_path / "groups.jsonl"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_languages_are_added_and_nothing_else_changes(file: Path) -> None:
    out, engine = file.parent / "out.jsonl", Backwards()
    report = translate_groups(file, out, engine, ["de", "th"])
    made = list(read_groups(out))
    assert made[0].questions == {
        "en": "Why do tides rise?", "de": "de ?esir sedit od yhW", "th": "th ?esir sedit od yhW",
    }  # fmt: skip
    assert made[0].passages["de"] == "Der Mond zieht am Meer.", "what stands there is kept"
    assert made[1].negatives == GROUPS[1].negatives and made[2].questions == GROUPS[2].questions
    assert len(engine.asked) == len(set(engine.asked)) == 7, "the question two groups share was asked for once"
    assert ("de", "The moon pulls at the sea.") not in engine.asked
    assert (report.groups, report.without_source, report.there) == (3, 1, {"de": 1})
    assert report.added == {"de": 4, "th": 5} and not report.dropped
    assert not lines(out.with_suffix(".rejected.jsonl"))
    assert lines(out)[0].keys() == lines(file)[0].keys()


def test_what_is_dropped_is_counted_listed_and_costs_no_group(file: Path) -> None:
    answers = {"Because.": "", "Because of the moon.": None, "The moon pulls at the sea.": "th ?esir sedit od yhW"}
    engine = Backwards(translation=lambda text, target: answers.get(text, f"{target} {text[::-1]}"))
    out = file.parent / "out.jsonl"
    report = translate_groups(file, out, engine, ["th"])
    assert report.dropped == {"th": {"empty": 1, "incomplete": 1, "duplicate": 1}}
    assert [
        (row["id"], row["field"], row["reason"], row["translation"])
        for row in lines(out.with_suffix(".rejected.jsonl"))
    ] == [
        ("a", "passages", "duplicate", "th ?esir sedit od yhW"),
        ("b", "passages", "empty", ""),
        ("c", "passages", "incomplete", None),
    ]
    made = list(read_groups(out))
    assert [group.id for group in made] == ["a", "b", "c"] and "th" not in made[0].passages
    assert made[0].questions["th"] == made[1].questions["th"], "one question twice is no duplicate"
    told = json.loads(out.with_suffix(".report.json").read_text(encoding="utf-8"))
    assert told["languages"]["th"]["added"] == 2 and told["languages"]["th"]["dropped"]["copy"] == 0
    assert told["languages"]["th"]["engine"] == "backwards"


def test_a_finished_job_run_again_asks_for_nothing(file: Path) -> None:
    out = file.parent / "out.jsonl"
    translate_groups(file, out, Backwards(), ["de", "th"])
    first, again = out.read_bytes(), Backwards()
    translate_groups(file, out, again, ["de", "th"])
    assert not again.asked and out.read_bytes() == first
    more = Backwards()
    translate_groups(file, out, more, ["de", "ar"])
    assert {target for target, _ in more.asked} == {"ar"} and "th" not in next(iter(read_groups(out))).questions


def test_another_model_reuses_nothing(file: Path) -> None:
    out, other = file.parent / "out.jsonl", Backwards(name="other", translation=lambda text, _: f"other {text[::-1]}")
    translate_groups(file, out, Backwards(), ["de"])
    translate_groups(file, out, other, ["de"])
    assert len(other.asked) == 3 and next(iter(read_groups(out))).questions["de"].startswith("other")


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), IsoglotError("The server is gone.")])
def test_a_stopped_job_says_how_to_go_on_and_does(file: Path, failure: BaseException) -> None:
    out, left = file.parent / "out.jsonl", iter([None, None, failure])

    def stop() -> None:
        if (found := next(left)) is not None:
            raise found

    first = Backwards(batch_size=1, before_batch=stop)
    with pytest.raises(TranslationStopped, match="2 of 7 texts are translated and kept; the same command goes on"):
        translate_groups(file, out, first, ["de", "th"])
    assert not out.exists()
    second = Backwards(batch_size=1)
    translate_groups(file, out, second, ["de", "th"])
    assert not set(first.asked) & set(second.asked) and len(first.asked + second.asked) == 7
    assert not list(file.parent.glob("*.partial"))


texts = st.text(alphabet="abc dé海.?", min_size=1, max_size=12).filter(str.strip)
groups = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(["en", "de", "fr"]), texts, min_size=1),
        st.dictionaries(st.sampled_from(["en", "th"]), texts, min_size=1),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=30, deadline=None)
@given(groups, st.integers(0, 12), st.integers(1, 4))
def test_interrupted_anywhere_the_output_is_the_same_and_every_text_accounted_for(
    drawn: list[tuple[dict[str, str], dict[str, str]]], batches: int, batch_size: int
) -> None:
    made = [Group(str(number), *texts) for number, texts in enumerate(drawn)]
    made.append(Group("last", {"en": "one"}, {"en": "two"}))
    odd = lambda text, target: None if "é" in text else (text if "d" in text else f"{target} {text[::-1]}")  # noqa: E731
    with tempfile.TemporaryDirectory() as name:
        folder, left = Path(name), [batches]
        write_groups(made, folder / "groups.jsonl")

        def stop() -> None:
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt

        interrupted = Backwards(batch_size, translation=odd, before_batch=stop)
        try:
            translate_groups(folder / "groups.jsonl", folder / "a.jsonl", interrupted, ["de", "th"])
        except TranslationStopped:
            left[0] = 10**9
            translate_groups(folder / "groups.jsonl", folder / "a.jsonl", interrupted, ["de", "th"])
        report = translate_groups(folder / "groups.jsonl", folder / "b.jsonl", Backwards(translation=odd), ["de", "th"])
        for suffix in (".jsonl", ".rejected.jsonl", ".report.json"):
            assert (folder / f"a{suffix}").read_bytes() == (folder / f"b{suffix}").read_bytes()
        assert len(interrupted.asked) == len(set(interrupted.asked)), "nothing is translated twice"
        rejected = lines(folder / "b.rejected.jsonl")
        for target in ("de", "th"):
            dropped: dict[str, int] = report.dropped.get(target, Counter())
            assert sum(row["language"] == target for row in rejected) == sum(dropped.values())
            counted = report.added[target] + report.there[target] + sum(dropped.values())
            assert counted == 2 * report.groups - report.without_source
        for before, after in zip(made, read_groups(folder / "b.jsonl"), strict=True):
            assert before.questions.items() <= after.questions.items() and before.id == after.id


_KILLED = """
import sys
from collections import Counter
from pathlib import Path
from tests.training.translation.stand_in import Backwards, slow
from training.translation.job import translate_groups
translate_groups(Path(sys.argv[1]), Path(sys.argv[2]), Backwards(2, before_batch=slow), ["de", "th"])
"""


def test_a_killed_job_loses_at_most_the_batch_in_flight(tmp_path: Path) -> None:
    made = [Group(str(n), {"en": f"question number {n}?"}, {"en": f"answer to {n}."}) for n in range(150)]
    write_groups(made, tmp_path / "groups.jsonl")
    arguments = [str(tmp_path / "groups.jsonl"), str(tmp_path / "out.jsonl")]
    process = subprocess.Popen([sys.executable, "-c", _KILLED, *arguments], stderr=subprocess.DEVNULL, cwd=Path.cwd())
    journal = tmp_path / "out.journal.sqlite-wal"
    deadline = time.monotonic() + 120
    while not (journal.exists() and journal.stat().st_size > 300_000):  # dozens of batches are committed
        assert process.poll() is None and time.monotonic() < deadline, "it ended before it could be killed"
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "out.jsonl").exists()
    kept = _recorded(tmp_path / "out.journal.sqlite")
    assert 0 < len(kept) < 600 and len(kept) % 2 == 0, "whole batches only"
    engine = Backwards(2)
    translate_groups(Path(arguments[0]), Path(arguments[1]), engine, ["de", "th"])
    assert len(engine.asked) == 600 - len(kept) and not set(engine.asked) & kept, "neither repeated nor lost"
    for group in read_groups(tmp_path / "out.jsonl"):
        assert group.questions["th"] == "th " + group.questions["en"][::-1]
        assert group.passages["de"] == "de " + group.passages["en"][::-1]


def _recorded(path: Path) -> set[tuple[str, str]]:
    connection = sqlite3.connect(path)
    rows = connection.execute(
        "SELECT engines.target, texts.text FROM translations JOIN texts ON texts.id = translations.text "
        "JOIN engines ON engines.id = translations.engine"
    ).fetchall()
    connection.close()
    return set(rows)


def test_bad_requests_are_told_before_anything_is_translated(file: Path) -> None:
    folder, engine = file.parent, Backwards()
    cases: list[tuple[type[IsoglotError], str, Path, Path, list[str]]] = [
        (UnknownLanguage, "BCP 47", file, folder / "o.jsonl", ["german"]),
        (UnknownLanguage, "cannot write", file, folder / "o.jsonl", ["fr"]),
        (InvalidInput, "at least one", file, folder / "o.jsonl", []),
        (InvalidInput, "leave it out", file, folder / "o.jsonl", ["de", "en"]),
        (InvalidInput, "new .jsonl", file, file, ["de"]),
        (InvalidInput, "new .jsonl", file, folder / "o.parquet", ["de"]),
    ]
    for error, told, groups, out, targets in cases:
        with pytest.raises(error, match=told):
            translate_groups(groups, out, engine, targets)
    (folder / "mine.jsonl").write_text("precious", encoding="utf-8")
    with pytest.raises(Conflict, match="did not write it"):
        translate_groups(file, folder / "mine.jsonl", engine, ["de"])
    (folder / "bad.jsonl").write_text(file.read_text(encoding="utf-8") + "{", encoding="utf-8")
    with pytest.raises(MalformedLine, match="line 4"):
        translate_groups(folder / "bad.jsonl", folder / "o.jsonl", engine, ["de"])
    engine.source = "sv"
    with pytest.raises(InvalidInput, match="No group of .* has a text in 'sv'"):
        translate_groups(file, folder / "o.jsonl", engine, ["de"])
    assert not engine.asked and (folder / "mine.jsonl").read_text(encoding="utf-8") == "precious"


def test_a_lone_surrogate_is_told_by_group(tmp_path: Path) -> None:
    row = {"id": "x", "questions": {"en": "\ud800"}, "passages": {"en": "b"}}
    (tmp_path / "groups.jsonl").write_text(json.dumps(row), encoding="utf-8")
    with pytest.raises(InvalidInput, match="group 'x' holds a lone surrogate"):
        translate_groups(tmp_path / "groups.jsonl", tmp_path / "out.jsonl", Backwards(), ["de"])
