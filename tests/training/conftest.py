"""A data folder with all five tables, small enough to train on in seconds."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import torch

# Tiny models: on a busy machine two threads wait for each other ten times longer than they work.
torch.set_num_threads(1)

N = 60


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "train"
    folder.mkdir()
    words = {"de": "mond ebbe", "en": "moon tide", "th": "พระจันทร์ น้ำ", "ru": "луна вода"}
    rows: dict[str, list[dict[str, object]]] = {
        "parallel": [
            {"source": "news" if i % 2 else "help", "group": str(i), "lang": code, "text": f"{text} {i} {code}"}
            for i in range(N) for code, text in words.items()
        ],
        "sections": [
            {"source": "docs", "doc": "d", "section": str(i), "lang": code,
             "heading": ("Überblick" if code == "de" else "Overview") if i % 2 else f"{text} {i}", "text": f"{text} section {i}"}
            for i in range(N) for code, text in words.items()
        ],
        "qa": [
            {"source": "quiz", "qid": f"q{i}", "lang": code, "passage_lang": code, "question": f"frage {i} {text}?",
             "passage": f"langer absatz {i} {text}", "answer_sentence": f"Antwortsatz {i} mond." if code == "de" else None}
            for i in range(N) for code, text in words.items()
        ],
        "lexicon": [
            {"source": "wordnet", "concept": str(i), "lang": code, "rank": rank, "lemma": lemma,
             "gloss": f"it shines at night {i}" if code == "en" else None}
            for i in range(N)
            for code, rank, lemma in [("en", 0, f"moon{i}"), ("en", 1, f"luna{i}"), ("de", 0, f"mond{i}"), ("ru", 0, f"луна{i}")]
        ],
    }  # fmt: skip
    for name, table in rows.items():
        parquet.write_table(pa.Table.from_pylist(table), folder / f"{name}.parquet")
    return folder.parent
