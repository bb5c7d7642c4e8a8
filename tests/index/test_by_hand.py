from __future__ import annotations

import unicodedata
from collections import Counter

import pytest

from index.demo import by_hand_questions, demo_passages, demo_questions

LANGUAGES = sorted({row["language"] for row in demo_passages()})
SCRIPTS = {
    "ar": {"ARABIC"},
    "el": {"GREEK"},
    "hi": {"DEVANAGARI"},
    "ja": {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "IDEOGRAPHIC"},  # the last is 々
    "ru": {"CYRILLIC"},
    "th": {"THAI"},
    "zh": {"CJK"},
}


def letters(text: str) -> list[str]:
    """The script of every letter: the first word of its Unicode name."""
    return [unicodedata.name(character).split()[0] for character in text if character.isalpha()]


def plain(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def test_every_language_of_the_demo_has_20_questions_of_20_topics() -> None:
    rows = by_hand_questions()
    assert Counter(row["language"] for row in rows) == dict.fromkeys(LANGUAGES, 20)
    assert len({(row["language"], row["topic"]) for row in rows}) == len(rows)
    assert [row["id"] for row in rows] == [f"{code}-{number:02}" for code in LANGUAGES for number in range(1, 21)]


def test_every_topic_comes_up() -> None:
    assert {row["topic"] for row in by_hand_questions()} == {row["metadata"]["topic"] for row in demo_passages()}


def test_the_passages_exist_in_the_language_and_topic() -> None:
    known = {row["id"]: (row["language"], row["metadata"]["topic"]) for row in demo_passages()}
    for row in by_hand_questions():
        assert row["passages"]
        assert {known[number] for number in row["passages"]} == {(row["language"], row["topic"])}, row["id"]


def test_no_question_is_one_of_the_parallel_ones_or_comes_twice() -> None:
    parallel = {plain(text) for row in demo_questions() for text in row["questions"].values()}
    asked = [plain(row["question"]) for row in by_hand_questions()]
    assert not parallel & set(asked)
    assert len(set(asked)) == len(asked)


@pytest.mark.parametrize("code", LANGUAGES)
def test_questions_are_in_their_script(code: str) -> None:
    allowed = SCRIPTS.get(code, {"LATIN"})
    for row in by_hand_questions():
        if row["language"] == code:
            scripts = letters(row["question"])
            # GPS and its like stay Latin in every script.
            assert scripts and set(scripts) <= allowed | {"LATIN"}, row["id"]
            assert 2 * sum(script in allowed for script in scripts) > len(scripts), row["id"]


def test_questions_are_stripped_and_composed() -> None:
    for row in by_hand_questions():
        assert row["question"] == unicodedata.normalize("NFC", row["question"]).strip(), row["id"]
