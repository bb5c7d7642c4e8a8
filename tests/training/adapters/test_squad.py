from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import InvalidInput, NotFound
from tests.training.adapters.conftest import Isoglot, Write
from training.adapters.rows import SchemaDrift
from training.adapters.squad import containing, with_language

SENTENCES = {
    "de": ["Der Mond zieht.", "Das Wasser steigt."],
    "en": ["The moon pulls.", "The water rises."],
    "zh": ["月亮拉动。", "水位上升。"],
}


def squad(language: str, gap: str = " ") -> dict[str, Any]:
    sentences = SENTENCES[language]
    context = gap.join(sentences)
    breaks = [[context.index(text), context.index(text) + len(text)] for text in sentences]
    questions: list[dict[str, Any]] = [
        {"id": f"q{n}", "question": f"{language} {n}?", "answers": [{"text": text, "answer_start": start}]}
        for n, (text, (start, _)) in enumerate(zip(sentences, breaks, strict=True))
    ]
    questions.append({"id": "open", "question": "?", "answers": [], "is_impossible": True})
    paragraph = {"context": context, "sentences": sentences, "sentence_breaks": breaks, "qas": questions}
    return {"data": [{"title": "Tides", "paragraphs": [paragraph]}]}


def test_three_languages_become_one_group_a_question(isoglot: Isoglot, write: Write) -> None:
    files = [
        write("de.json", squad("de")),
        write("xquad.en.json", squad("en")),
        f"{write('chinese.json', squad('zh', gap=''))}:zh",
    ]
    groups, said = isoglot("squad", *files)
    assert [group.id for group in groups] == ["squad/q0", "squad/q1"]
    assert groups[1].questions == {"de": "de 1?", "en": "en 1?", "zh": "zh 1?"}
    assert groups[1].passages == {code: sentences[1] for code, sentences in SENTENCES.items()}
    assert "2 groups from 9 rows" in said and "3 × question without an answer" in said


def test_paragraphs_on_request_and_where_sentences_are_not_marked(isoglot: Isoglot, write: Write) -> None:
    document = squad("de")
    marked, context = write("de.json", document), "Der Mond zieht. Das Wasser steigt."
    paragraph = document["data"][0]["paragraphs"][0]
    del paragraph["sentences"], paragraph["sentence_breaks"]
    plain = f"{write('plain.json', document)}:de"
    whole, _ = isoglot("squad", marked, "--passage", "paragraph", "--source", "quiz")
    assert {group.passages["de"] for group in whole} == {context} and whole[0].id == "quiz/q0"
    assert {group.passages["de"] for group in isoglot("squad", plain, out="plain-out.jsonl")[0]} == {context}


def test_an_id_that_comes_again_and_an_answer_nowhere_are_counted(isoglot: Isoglot, write: Write) -> None:
    document = squad("de")
    document["data"][0]["paragraphs"][0]["qas"][1]["answers"][0]["answer_start"] = -1
    groups, said = isoglot("squad", write("de.json", squad("de")), f"{write('again.json', document)}:de")
    assert len(groups) == 2
    assert "1 × question id that comes again in its language" in said and "1 × answer in no sentence" in said


def test_languages_come_from_names(tmp_path: Path) -> None:
    for name in ("de.json", "xquad.pt_br.json", "dev.json", "train-v1.1.json", "a.json"):
        (tmp_path / name).touch()
    assert with_language(f"{tmp_path}/de.json") == ("de", tmp_path / "de.json")
    assert with_language(f"{tmp_path}/xquad.pt_br.json")[0] == "pt-BR"
    assert with_language(f"{tmp_path}/a.json:iw")[0] == "he"
    for name in ("dev.json", "train-v1.1.json", "a.json", "a.json:german"):
        with pytest.raises(InvalidInput, match="does not tell its language"):
            with_language(f"{tmp_path}/{name}")
    with pytest.raises(NotFound):
        with_language(f"{tmp_path}/th.json")


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (["data"], "x", r"^de.json: field 'data' should be a list of objects, found 'x'"),
        (["data", 0, "paragraphs", 0, "qas", 1, "question"], 3, r"data 1, paragraphs 1, qas 2: field 'question'"),
        (["data", 0, "paragraphs", 0, "qas", 0, "answers"], {"text": "x"}, r"qas 1: field 'answers'"),
        (["data", 0, "paragraphs", 0, "qas", 0, "answers", 0], {}, r"answers 1: field 'answer_start'"),
        (["data", 0, "paragraphs", 0, "sentence_breaks"], [[0, 5]], r"paragraphs 1: 'sentence_breaks' .* 2 sentences"),
        (["data", 0, "paragraphs", 0, "sentence_breaks", 0], [0, "5"], r"paragraphs 1: 'sentence_breaks'"),
    ],
)
def test_other_shapes_are_told(isoglot: Isoglot, write: Write, path: list[Any], value: Any, told: str) -> None:
    document: Any = squad("de")
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(SchemaDrift, match=told):
        isoglot("squad", write("de.json", document))


def test_a_file_that_is_not_json_is_told(isoglot: Isoglot, tmp_path: Path) -> None:
    (tmp_path / "de.json").write_text("{", encoding="utf-8")
    with pytest.raises(InvalidInput, match="cannot be read as JSON"):
        isoglot("squad", tmp_path / "de.json")


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 2)), min_size=1, max_size=8))
def test_each_character_belongs_to_the_sentence_it_stands_in(lengths: list[tuple[int, int]]) -> None:
    breaks, owners = [], []
    for number, (length, gap) in enumerate(lengths):
        breaks.append([len(owners), len(owners) + length])
        owners += [number] * length + [None] * gap  # type: ignore[list-item]
    assert [containing(breaks, position) for position in range(len(owners))] == owners
    assert containing(breaks, -1) is None and containing(breaks, len(owners)) is None
