"""Sources of switched texts: which languages a question or definition gets, and always the same ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from tests.training.test_switching import write_lexicon
from training.groups import Group
from training.sources import read_source
from training.switched_sources import (
    GLOSS_LANGUAGES,
    forget_lexicon,
    switched_glosses,
    switched_passages,
    switched_questions,
)
from training.switching import SwitchLexicon, load_lexicon


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    forget_lexicon()


def test_sources_share_one_reading_of_the_lexicon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []

    def counted(path: Path, languages: Collection[str] | None, language: str) -> SwitchLexicon:
        read.append(path)
        return load_lexicon(path, languages, language)

    monkeypatch.setattr("training.switched_sources.load_lexicon", counted)
    path, groups = write_lexicon(tmp_path), [Group("qa/1", {"en": "the city"}, {"en": "the sea"}, "qa/x")]
    assert list(switched_questions(groups, path, ["de", "en"])) == list(switched_questions(groups, path, ["en", "de"]))
    assert list(switched_questions([], tmp_path / "none", None)) == []
    assert read == [path]
    forget_lexicon()
    list(switched_questions(groups, path, ["de", "en"]))
    assert read == [path, path]


def test_questions_are_switched_into_languages_the_lexicon_reaches(tmp_path: Path) -> None:
    path = write_lexicon(tmp_path)
    groups = [
        Group("qa/1", {"en": "which city"}, {"en": "New York City"}, "qa/x"),
        Group("qa/2", {"en": "which xylophone"}, {"en": "the sea"}, "qa/x"),
        Group("qa/3", {"de": "welche Stadt"}, {"de": "am Meer"}, "qa/x"),
    ]
    made = list(switched_questions(groups, path, ["de", "en", "th"]))
    assert [group.id for group in made] == ["switched-qa/1", "switched-qa/2"]
    assert made[0].source == "switched-qa/x"
    assert set(made[0].questions) == {"en", "de"}, "Thai has no city here: the question would stay English"
    assert made[0].passages == {"en": "New York City", "de": "New York"}
    assert set(made[1].questions) == {"en"}
    assert list(switched_questions(groups, path, ["de", "en", "th"])) == made


def test_definitions_are_switched_into_a_few_languages(tmp_path: Path) -> None:
    codes = ["ar", "de", "es", "fr", "hi", "ja", "th"]
    path = write_lexicon(
        tmp_path, [("wordnet", "sea", {"en": ["sea"], **{code: [f"{code}1", f"{code}2"] for code in codes}})]
    )
    groups = [
        Group(f"glosses/{n}", {"en": "ocean"}, {"en": f"sea sea sea sea sea sea sea sea {n}"}, "glosses/wordnet")
        for n in range(20)
    ]
    made = list(switched_glosses([*groups, Group("short", {}, {"en": "the sea"}, "glosses/wordnet")], path, None))
    assert len(made) == 20
    assert all(len(group.questions) == GLOSS_LANGUAGES + 1 for group in made)
    assert {code for group in made for code in group.questions} == {"en", *codes}
    differing = sum(group.questions[code] != group.passages[code] for group in made for code in group.questions)
    assert differing > 20


def test_questions_of_other_languages_are_switched_too(tmp_path: Path) -> None:
    path = write_lexicon(tmp_path, [("wiki-titles", "tokyo", {"ja": ["東京"], "en": ["Tokyo"], "de": ["Tokio"]})])
    (made,) = switched_questions([Group("qa/1", {"ja": "東京とは"}, {"ja": "東京です"}, "qa/x")], path, None)
    assert set(made.questions) == {"ja", "en", "de"}
    assert made.questions["ja"] == "東京とは" and made.passages["de"].startswith("Tokio")
    (english,) = switched_questions(
        [Group("qa/2", {"ja": "東京", "en": "x"}, {"ja": "東京", "en": "y"}, "q")], path, None
    )
    assert set(english.questions) == {"en"}, "English comes first"


def test_passages_are_cut_to_sentences_and_switched(tmp_path: Path) -> None:
    path = write_lexicon(tmp_path)
    sentence = "The sea is a city by the sea and the ocean, which is a sea."
    passages = [("x/1", "en", " ".join([sentence] * 5)), ("x/2", "en", "No word of it stands in the lexicon at all.")]
    made = list(switched_passages(passages, "passages/x", path, ["de", "en"]))
    assert [group.id for group in made] == [f"switched-passages/x/1/{n}" for n in range(3)]
    assert [group.questions["en"].count(".") for group in made] == [2, 2, 1], "whole sentences, up to a length"
    assert all("Stadt" in group.passages["de"] and group.source == "switched-passages/x" for group in made)


def test_thai_passages_are_cut_at_spaces(tmp_path: Path) -> None:
    path = write_lexicon(tmp_path)
    made = list(switched_passages([("x/1", "th", "ทะเล" * 20 + " " + "ทะเล" * 25)], "passages/x", path, None))
    assert [len(group.passages["th"]) for group in made] == [80, 100]


def test_they_are_sources_of_a_data_folder(tmp_path: Path) -> None:
    lexicon = write_lexicon(tmp_path)
    rows = parquet.read_table(lexicon).to_pylist()
    gloss = "a long gloss: cities, seas, cities, oceans"
    rows = [{**row, "gloss": gloss if (row["concept"], row["lang"]) == ("city", "en") else None} for row in rows]
    parquet.write_table(pa.Table.from_pylist(rows), lexicon)
    asked = {"source": "x", "qid": "1", "lang": "en", "passage_lang": "en", "question": "a city by the sea"}
    told = {"passage": "the sea and the ocean at New York City", "answer_sentence": None}
    parquet.write_table(pa.Table.from_pylist([asked | told]), tmp_path / "qa.parquet")
    (question,) = read_source(tmp_path, "switched-qa/x", ["de", "en"])
    assert set(question.questions) == set(question.passages) == {"de", "en"}
    assert "Stadt" in question.questions["de"] and "New York" in question.passages["de"]
    (sentence,) = read_source(tmp_path, "switched-passages/x", ["de", "en"])
    assert sentence.source == "switched-passages/x" and set(sentence.passages) == {"de", "en"}
    (definition,) = read_source(tmp_path, "switched-glosses/wordnet", ["de", "en"])
    assert definition.passages["en"] == gloss and "Stadt" in definition.passages["de"]
