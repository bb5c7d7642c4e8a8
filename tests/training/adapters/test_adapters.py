"""Every data set on a stand-in of its schema, through the command line."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from index.errors import InvalidInput, UnknownLanguage
from tests.training.adapters.conftest import Isoglot, Write
from training.adapters.rows import SchemaDrift
from training.groups import Group

WIKIQA: list[dict[str, Any]] = [
    {"question_id": "Q1", "question": "why tides", "document_title": "Tide", "answer": "The moon pulls.", "label": 1},
    {"question_id": "Q1", "question": "why tides", "document_title": "Tide", "answer": "Ships sail.", "label": 0},
    {"question_id": "Q1", "question": "why tides", "document_title": "Tide", "answer": "So does the sun.", "label": 1},
    {"question_id": "Q2", "question": "who", "document_title": "X", "answer": "Nobody.", "label": 0},
]


def test_wikiqa(isoglot: Isoglot, tmp_path: Path) -> None:
    parquet.write_table(pa.Table.from_pylist(WIKIQA), tmp_path / "wikiqa.parquet")
    groups, said = isoglot("get", "wikiqa", "--path", tmp_path / "wikiqa.parquet")
    assert groups[0] == Group(
        "wikiqa/train/1", {"en": "why tides"}, {"en": "The moon pulls."}, "wikiqa", {"en": ["Ships sail."]}
    )
    assert [group.passages["en"] for group in groups] == ["The moon pulls.", "So does the sun."]
    assert "1 × row of a question without a right sentence" in said and "2 groups from 4 rows" in said


def test_duorc(isoglot: Isoglot, write: Write) -> None:
    long = " ".join(f"Filler sentence number {number} says nothing." for number in range(60))
    rows = [
        {"plot": f"{long} Anna finds the map in 1990. {long}", "question": "What is found?", "answers": ["The Map"], "no_answer": False},
        {"plot": "Anna dances.", "question": "Who sings?", "answers": [], "no_answer": True},
        {"plot": "It is 1990.", "question": "How many?", "answers": ["1"], "no_answer": False},
    ]  # fmt: skip
    groups, said = isoglot("get", "duorc", "--path", write("duorc.jsonl", rows))
    assert [group.questions for group in groups] == [{"en": "What is found?"}]
    passage = groups[0].passages["en"]
    assert "Anna finds the map in 1990." in passage and len(passage) <= 1000 and passage.endswith(".")
    assert "1 × question without an answer" in said and "1 × answer not word for word in the plot" in said


STORY = "LONDON (CNN) -- It rained.\n\nThe mayor, Ann Lee, resigned on Friday.\n\nShe was 50."


def _range(answer: str) -> tuple[int, int]:
    start = STORY.index(answer)
    return start, start + len(answer)


def test_newsqa_csv(isoglot: Isoglot, tmp_path: Path) -> None:
    lee, friday = ("{}:{}".format(*_range(answer)) for answer in ("Ann Lee", "Friday"))
    age = "{}:{}".format(*_range("50"))
    path = tmp_path / "combined-newsqa-data-v1.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(
            ["story_id", "question", "answer_char_ranges", "is_answer_absent", "is_question_bad", "validated_answers", "story_text"]
        )  # fmt: skip
        table.writerow(["s", "Who resigned?", f"{lee}|None|{lee},{friday}|{lee}", "0.0", "0.0", "", STORY])
        table.writerow(["s", "NA", f"{lee}|None", "0.0", "0.0", json.dumps({"none": 1, age: 2}), STORY])
        table.writerow(["s", "Why?", f"None|None|{lee}", "0.6", "0.0", "", STORY])
        table.writerow(["s", "When?", "700:800|700:800", "0.0", "0.0", "", STORY])
    groups, said = isoglot("get", "newsqa", "--path", path)
    assert [(group.questions["en"], group.passages["en"]) for group in groups] == [
        ("Who resigned?", "The mayor, Ann Lee, resigned on Friday."),
        ("NA", "She was 50."),
    ]
    assert "1 × question without an agreed answer" in said and "1 × answer outside its story" in said


def test_newsqa_json(isoglot: Isoglot, write: Write) -> None:
    start, end = _range("Ann Lee")
    questions: list[dict[str, Any]] = [
        {"q": "Who resigned?", "consensus": {"s": start, "e": end}, "isAnswerAbsent": 0},
        {"q": "Why?", "consensus": {"noAnswer": True}, "isAnswerAbsent": 0.67},
        {"q": "Bad", "consensus": {"badQuestion": True}, "isAnswerAbsent": 0},
    ]
    document = {"data": [{"storyId": "s", "type": "train", "text": STORY, "questions": questions}], "version": "1"}
    path = write("combined-newsqa-data-v1.json", document)
    groups, said = isoglot("get", "newsqa", "--path", path)
    assert [(group.id, group.passages["en"]) for group in groups] == [
        ("newsqa/train/1/1", "The mayor, Ann Lee, resigned on Friday.")
    ]
    assert "2 × question without an agreed answer" in said
    questions[0]["consensus"] = {"s": start}
    with pytest.raises(
        SchemaDrift, match=r"data 1, questions 1, consensus: field 'e' should be a number, found no such"
    ):
        isoglot("get", "newsqa", "--path", write("combined-newsqa-data-v1.json", document), out="odd.jsonl")


def test_natural_questions(isoglot: Isoglot, write: Write) -> None:
    write("nq/train.jsonl", [{"query": "where is it", "answer": "It is here."}, {"query": "x", "answer": " "}])
    path = write("nq/validation.jsonl", [{"query": "when was it", "answer": "It was then."}]).parent
    groups, said = isoglot("get", "natural-questions", "--path", path)
    assert [group.questions["en"] for group in groups] == ["where is it"]
    assert "1 × passage that is blank" in said
    groups, _ = isoglot("get", "natural-questions", "--path", path, "--split", "validation", out="validation.jsonl")
    assert [group.id for group in groups] == ["natural-questions/validation/1"]
    with pytest.raises(InvalidInput, match="natural-questions cannot be read from .* 'test'"):
        isoglot("get", "natural-questions", "--path", path, "--split", "test", out="test.jsonl")


@pytest.mark.parametrize(
    "row",
    [
        {"id": 1, "topic": 2, "question_title": "Why?", "question_content": "More.", "best_answer": "So."},
        {"title": "Why?", "answer": "So."},
        {"id": "1", "question": "Why?", "answer": "So.", "nbestanswers": ["So.", "No."], "main_category": "Pets"},
    ],
)
def test_yahoo_answers(isoglot: Isoglot, write: Write, row: dict[str, Any]) -> None:
    groups, _ = isoglot("get", "yahoo-answers", "--path", write("yahoo.jsonl", [row]))
    assert [(group.questions, group.passages) for group in groups] == [({"en": "Why?"}, {"en": "So."})]


def test_entity_questions(isoglot: Isoglot, write: Write) -> None:
    paris = {"id": "1", "title": "Paris", "text": "Paris is the capital.", "score": "9.1", "has_answer": True}
    lyon = {"id": "2", "title": "Lyon", "text": "Lyon is a city.", "score": "9.5", "has_answer": False}
    retrieved = [
        {"question": "What is the capital?", "answers": ["Paris"], "ctxs": [lyon, paris]},
        {"question": "Who?", "answers": ["Ann"], "ctxs": [lyon]},
    ]
    groups, said = isoglot("get", "entity-questions", "--path", write("P36.json", retrieved))
    assert [(group.passages, group.negatives) for group in groups] == [
        ({"en": "Paris\nParis is the capital."}, {"en": ["Lyon\nLyon is a city."]})
    ]
    assert "1 × question without a passage that has the answer" in said
    dpr = [{"question": "What is the capital?", "answers": ["Paris"], "positive_ctxs": [paris], "hard_negative_ctxs": [lyon]}]  # fmt: skip
    assert isoglot("get", "entity-questions", "--path", write("dpr.jsonl", dpr), out="dpr-out.jsonl")[0] == groups
    bare = write("P36.train.json", [{"question": "What is the capital?", "answers": ["Paris"]}])
    with pytest.raises(InvalidInput, match="no passages .* run a retriever"):
        isoglot("get", "entity-questions", "--path", bare, out="bare.jsonl")


def _tydi(folder: Path, name: str, query: str, split: str = "train", text: str = "Right.") -> None:
    row = {
        "query_id": "1",
        "query": query,
        "positive_passages": [{"docid": "7#1", "title": "Title", "text": text}],
        "negative_passages": [{"docid": "8#1", "title": "", "text": "Wrong."}] if text else [],
    }
    path = folder / f"mrtydi-v1.1-{name}" / f"{split}.jsonl.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(json.dumps(row).encode()))


def test_mr_tydi(isoglot: Isoglot, tmp_path: Path) -> None:
    folder = tmp_path / "mr-tydi"
    for name, query in (("thai", "ทำไม"), ("russian", "почему"), ("english", "why")):
        _tydi(folder, name, query)
    _tydi(folder, "thai", "ทำไม", split="dev", text="")
    groups, _ = isoglot("get", "mr-tydi", "--path", folder, "--languages", "ru,th")
    assert [group.questions for group in groups] == [{"ru": "почему"}, {"th": "ทำไม"}]
    assert groups[1].passages == {"th": "Title\nRight."} and groups[1].negatives == {"th": ["Wrong."]}
    with pytest.raises(UnknownLanguage, match=r"no file for sw; it has en, ru, th"):
        isoglot("get", "mr-tydi", "--path", folder, "--languages", "sw", out="sw.jsonl")
    with pytest.raises(InvalidInput, match=r"No group came out.* 1 × passage that is blank"):
        isoglot("get", "mr-tydi", "--path", folder, "--split", "validation", out="dev.jsonl")
    file = folder / "mrtydi-v1.1-thai" / "train.jsonl.gz"
    with pytest.raises(InvalidInput, match="give exactly one with --languages"):
        isoglot("get", "mr-tydi", "--path", file, out="file.jsonl")
    assert len(isoglot("get", "mr-tydi", "--path", file, "--languages", "th", out="file.jsonl")[0]) == 1


def test_mfaq(isoglot: Isoglot, write: Write, tmp_path: Path) -> None:
    pair = {"question": "Kann ich tauschen?", "answer": "Ja."}
    page = {"id": 1, "domain": "a.de", "language": "de", "num_pairs": 2, "qa_pairs": [pair, pair]}
    write("mfaq/data/de/train.jsonl", [page])
    write(
        "mfaq/data/fr/train.jsonl",
        [{**page, "language": "fr", "qa_pairs": [{"question": "Quand ?", "answer": "Lundi."}]}],
    )
    groups, said = isoglot("get", "mfaq", "--path", tmp_path / "mfaq")
    assert [(group.id, group.questions) for group in groups] == [
        ("mfaq/train/de/1/1", {"de": "Kann ich tauschen?"}),
        ("mfaq/train/fr/1/1", {"fr": "Quand ?"}),
    ]
    assert "1 × repeat of a question with its passage" in said
    flat = [{"domain_id": 1, "pair_id": n, "language": code, "question": f"q{n}", "answer": "a"} for n, code in enumerate(["de", "no", "de"])]  # fmt: skip
    groups, said = isoglot(
        "get", "mfaq", "--path", write("flat.jsonl", flat), "--languages", "de", out="flat-out.jsonl"
    )
    assert [group.questions["de"] for group in groups] == ["q0", "q2"] and "1 × row in another language" in said
    with pytest.raises(SchemaDrift, match=r"mfaq, row 1: field 'language' should be a BCP 47 .* 'german'"):
        isoglot("get", "mfaq", "--path", write("bad.jsonl", [{**page, "language": "german"}]), out="bad-out.jsonl")


def _mmarco(folder: Path) -> None:
    tables = {
        "triples.train.ids.small.tsv": "20\t5\t7\n10\t3\t7\n20\t5\t3\n20\t6\t3\n20\t5\t6\n10\t3\t7\n30\t3\t5\n",
        "google/queries/train/german_queries.train.tsv": '10\t"Ebbe" und NA\n20\tBrot\n30\tFehlt\n',
        "google/queries/train/hindi_queries.train.tsv": "20\tरोटी\n10\tNA\n",
        "google/collections/german_collection.tsv": "3\tMond\rSonne\n5\tHefe\n6\tTeig\n7\tSchiff\n",
        "google/collections/hindi_collection.tsv": "7\tजहाज़\n6\tआटा\n5\tखमीर\n",
    }
    for name, text in tables.items():
        path = folder / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


def test_mmarco_by_id(isoglot: Isoglot, tmp_path: Path) -> None:
    _mmarco(tmp_path / "mmarco")
    groups, said = isoglot("get", "mmarco", "--path", tmp_path / "mmarco", "--languages", "de,hi")
    assert [group.id for group in groups] == [f"mmarco/train/{ids}" for ids in ("10/3", "20/5", "20/6", "30/3")]
    assert groups[0].questions == {"de": '"Ebbe" und NA', "hi": "NA"}, "quotes and NA are text"
    assert groups[0].passages == {"de": "Mond\rSonne"}, "a passage that a language lacks stays away"
    assert groups[0].negatives == {"de": ["Schiff"], "hi": ["जहाज़"]}
    assert groups[1].passages == {"de": "Hefe", "hi": "खमीर"}
    assert groups[1].negatives == {"de": ["Schiff", "Mond\rSonne"], "hi": ["जहाज़"]}, "6 answers the query too"
    assert "2 × passage id without a text" in said and "1 × query id without a text" in said


def test_mmarco_as_texts(isoglot: Isoglot, write: Write) -> None:
    rows = [{"query": "q", "positive": "p", "negative": f"n{n}"} for n in range(3)] + [{"query": "r", "positive": "p", "negative": "p"}]  # fmt: skip
    groups, said = isoglot("get", "mmarco", "--path", write("de.jsonl", rows), "--languages", "de")
    assert [group.negatives for group in groups] == [{"de": ["n0", "n1", "n2"]}, {}]
    assert "1 × negative that repeats another or equals the passage" in said
