from __future__ import annotations

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.demo import demo_passages, demo_questions
from index.languages import _detector
from training.translation import filters
from training.translation.filters import REASONS, Reason, fault

ENGLISH = "Tides rise and fall twice a day because the moon pulls at the sea."
GERMAN = "Ebbe und Flut wechseln zweimal am Tag, weil der Mond am Meer zieht."


@pytest.mark.parametrize(
    ("source", "translation", "target", "reason"),
    [
        (ENGLISH, GERMAN, "de", None),
        (ENGLISH, None, "de", "incomplete"),
        (ENGLISH, "", "de", "empty"),
        (ENGLISH, " \u200b\n", "de", "empty"),
        (ENGLISH, ENGLISH.upper().replace(".", " !"), "de", "copy"),
        (ENGLISH, "Ebbe und Flut.", "de", "length"),
        (ENGLISH, GERMAN * 4, "de", "length"),
        (ENGLISH, GERMAN, "fr", "language"),
        (ENGLISH, "The tides go up and down two times daily since the moon attracts the ocean.", "de", "language"),
        (ENGLISH, "月亮牵引着海水，所以潮汐每天涨落两次。", "zh", None),
        (ENGLISH, "月亮牵引着海水，所以潮汐每天涨落两次。", "zh-Hant", None),
        (ENGLISH, "月が海を引っ張るので、潮は一日に二回満ち引きします。", "zh", "language"),
        (ENGLISH, "น้ำขึ้นน้ำลงวันละสองครั้งเพราะดวงจันทร์ดึงดูดทะเล", "th", None),
        ("Albert Einstein", "Albert Einstein", "de", None),
        ("COVID-19", "COVID-19", "th", None),
        ("3.14 %", "3.14 %", "ar", None),
        ("Gone with the Wind", "gone with the wind", "de", "copy"),
        ("Why?", "Why?", "de", "copy"),
        ("Why?", "Aus welchem Grund denn?", "de", None),
        # The detector has never seen Balinese: it will take it for something else.
        (ENGLISH, "Segara munggah tuwun kaping kalih arahina sawireh bulan narik segara.", "ban", None),
        (ENGLISH, "The tides go up and down two times daily since the moon attracts the ocean.", "ban", "language"),
    ],
)
def test_each_fault_is_found_and_named(source: str, translation: str | None, target: str, reason: str | None) -> None:
    assert fault(source, translation, "en", target) == reason


def test_people_s_translations_pass() -> None:
    """The demo set's, all 12 languages; at most one in 500 may be dropped."""
    sets: dict[str, dict[str, str]] = {row["id"]: row["questions"] for row in demo_questions()}
    for row in demo_passages():
        sets.setdefault(row["metadata"]["topic"], {})[row["language"]] = row["text"]
    pairs = [(texts["en"], text, code) for texts in sets.values() for code, text in texts.items() if code != "en"]
    dropped = [(reason, *pair) for pair in pairs if (reason := fault(*pair[:2], "en", pair[2]))]
    assert len(pairs) > 1000 and len(dropped) <= len(pairs) / 500, json.dumps(dropped, ensure_ascii=False)


@pytest.mark.parametrize(("wanted", "written"), [("de", "es"), ("th", "en"), ("zh", "ja"), ("vi", "tr"), ("el", "ru")])
def test_most_wrong_languages_are_found(wanted: str, written: str) -> None:
    by_topic: dict[str, dict[str, str]] = {}
    for row in demo_passages():
        by_topic.setdefault(row["metadata"]["topic"], {})[row["language"]] = row["text"]
    found = [fault(texts["ar"], texts[written], "ar", wanted) for texts in by_topic.values()]
    assert found.count("language") >= 0.8 * len(found)


def test_the_detector_knows_the_labels_written_down() -> None:
    labels = set(filters._LABELS.split())
    assert len(labels) == 176
    assert {
        guess["lang"] for text in (ENGLISH, GERMAN, "12 ab", "мир") for guess in _detector().detect(text, k=176)
    } <= labels


@given(st.text(max_size=80), st.none() | st.text(max_size=80), st.sampled_from(["de", "zh", "th", "tlh"]))
def test_every_text_is_judged(source: str, translation: str | None, target: str) -> None:
    reason = fault(source, translation, "en", target)
    assert reason is None or reason in REASONS
    assert (reason == "incomplete") == (translation is None)
    assert set(REASONS) == set(get_args(Reason))
