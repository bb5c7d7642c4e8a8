"""What all data sets share: options, odd rows, what is asked of the hub; through the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets
import pytest
import typer
from typer.testing import CliRunner

from index.errors import InvalidInput, NotFound, UnknownLanguage
from tests.training.adapters.conftest import Isoglot, Write
from tests.training.adapters.test_adapters import WIKIQA
from training.adapters.cli import register
from training.adapters.registry import ADAPTERS
from training.adapters.rows import SchemaDrift


@pytest.mark.parametrize(
    ("name", "row", "told"),
    [
        ("wikiqa", {**WIKIQA[0], "label": "yes"}, "wikiqa, row 1: field 'label' should be 0 or 1, found 'yes'"),
        ("wikiqa", {**WIKIQA[0], "label": -1}, "field 'label' should be 0 or 1, found -1"),
        ("duorc", {"plot": "p", "question": "q", "answers": "a", "no_answer": False}, "duorc, row 1: field 'answers' should be a list of texts, found 'a'"),
        ("natural-questions", {"question": "q", "answer": "a"}, "field 'query' should be a text, found no such field. The fields there are answer, question"),
        ("yahoo-answers", {"text": "q"}, "field 'question_title or title or question'"),
        ("mr-tydi", {"query": "q", "positive_passages": ["a"], "negative_passages": []}, "'positive_passages' should be a list of objects, found 'a' as item 1"),
        ("mr-tydi", {"query": "q", "positive_passages": [{"docid": "1"}], "negative_passages": []}, "row 1, positive_passages 1: field 'text'"),
        ("mfaq", {"language": "en", "qa_pairs": [{"q": "a", "answer": "b"}]}, "mfaq, row 1, qa_pairs 1: field 'question'"),
        ("newsqa", {"question": "q", "story_text": "s", "answer_char_ranges": "a:b", "validated_answers": ""}, "newsqa, row 1: .* found 'a:b'"),
        ("entity-questions", {"question": 5, "ctxs": [{"title": "t", "text": "x", "has_answer": True}]}, "'question' should be a text, found 5"),
        ("mmarco", {"query": "q", "positive": "p"}, "mmarco, row 1: field 'negative'"),
    ],
)  # fmt: skip
def test_odd_rows_are_told(isoglot: Isoglot, write: Write, name: str, row: dict[str, Any], told: str) -> None:
    with pytest.raises(SchemaDrift, match=told):
        isoglot("get", name, "--path", write("odd.jsonl", [row]), "--languages", "en")


def test_options(isoglot: Isoglot, write: Write) -> None:
    path = write("th.jsonl", [{"query": f"ทำไม {number}", "answer": "เพราะ"} for number in range(5)])
    groups, _ = isoglot(
        "get", "natural-questions", "--path", path, "--languages", "th", "--limit", 2, "--source", "nq-th"
    )
    assert [(group.id, group.source, [*group.questions]) for group in groups] == [
        ("nq-th/train/1", "nq-th", ["th"]), ("nq-th/train/2", "nq-th", ["th"]),
    ]  # fmt: skip
    for words, error, told in [
        (["get", "squad"], InvalidInput, "choose from wikiqa, duorc"),
        (["get", "newsqa"], InvalidInput, "give --path"),
        (["get", "wikiqa", "--split", "dev"], InvalidInput, "choose from train, validation, test"),
        (["get", "wikiqa", "--languages", "de"], UnknownLanguage, "available: en"),
        (["get", "wikiqa", "--languages", "german"], UnknownLanguage, "BCP 47"),
        (["get", "wikiqa", "--path", "./none"], NotFound, "no file or folder"),
        (["get", "wikiqa", "--path", "data/none.jsonl"], NotFound, "no file or folder"),
        (["get", "wikiqa", "--path", __file__], InvalidInput, r"ending '\.py'; readable are \.jsonl"),
        (["get", "mmarco"], InvalidInput, "--languages"),
        (["get", "mfaq", "--split", "test"], InvalidInput, "train and validation"),
    ]:
        with pytest.raises(error, match=told):
            isoglot(*words, out="other.jsonl")


def test_what_is_asked_of_hugging_face(isoglot: Isoglot, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []

    def load(place: str, *config: Any, **options: Any) -> list[dict[str, Any]]:
        asked.append((place, *config, options.get("data_files"), options["split"]))
        raise ConnectionError("unreachable")

    monkeypatch.setattr(datasets, "load_dataset", load)
    for words in (["wikiqa"], ["duorc", "--split", "test"], ["wikiqa", "--path", "me/copy"], ["mr-tydi", "--languages", "th"], ["mfaq"], ["mmarco", "--languages", "de"]):  # fmt: skip
        with pytest.raises(InvalidInput, match=f"{words[0]} cannot be read .*unreachable Check the network"):
            isoglot("get", *words)
    assert asked == [
        ("microsoft/wiki_qa", None, None, "train"),
        ("ibm-research/duorc", "SelfRC", None, "test"),
        ("me/copy", None, None, "train"),
        ("json", "hf://datasets/castorini/mr-tydi/mrtydi-v1.1-thai/train.jsonl.gz", "train"),
        ("json", "hf://datasets/clips/mfaq/data/cs/train.jsonl", "train"),
        ("csv", "hf://datasets/unicamp-dl/mmarco/data/google/collections/german_collection.tsv", "train"),
    ]


def test_a_file_cut_short_is_told(isoglot: Isoglot, tmp_path: Path) -> None:
    (tmp_path / "cut.jsonl").write_text('{"query": "a", "answer": "b"}\n{"query":', encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"natural-questions cannot be read from .*cut\.jsonl"):
        isoglot("get", "natural-questions", "--path", tmp_path / "cut.jsonl")


def test_the_list_shows_every_data_set() -> None:
    app = typer.Typer()
    register(app)
    app.callback()(lambda: None)
    shown = CliRunner().invoke(app, ["data", "list"]).stdout
    for adapter in ADAPTERS.values():
        assert all(fact in shown for fact in (adapter.name, adapter.licence, adapter.fields, adapter.becomes))
    assert "ibm-research/duorc, SelfRC" in shown
