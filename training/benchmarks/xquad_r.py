"""XQuAD-R and MLQA-R of LAReQA (Roy et al. 2020, arXiv 2004.05484).

Files are SQuAD JSON, one per language, with `sentences` and `sentence_breaks` per paragraph.
Candidates are all sentences of all paragraphs in all languages. The relevant sentence of a
question is the one whose break contains `answers[0].answer_start`; one question id in all
languages is the parallel gold.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from index.errors import InvalidInput, NotFound
from index.languages import language_code
from training.benchmarks.base import Benchmark

__all__ = ["load_lareqa"]


def load_lareqa(folder: Path, name: str = "xquad-r") -> Benchmark:
    """Read a folder of `<language>.json` files.

    Raises NotFound when the folder holds none, InvalidInput when a file is not LAReQA's
    format or an answer lies in no sentence.
    """
    files = sorted(folder.glob("*.json"))
    if not files:
        raise NotFound(f"There are no LAReQA files (<language>.json) in {folder}; give --data.", path=str(folder))
    reader = _Reader()
    for path in files:
        try:
            reader.read(language_code(path.stem), json.loads(path.read_text(encoding="utf-8")))
        except (KeyError, ValueError, TypeError) as error:
            raise InvalidInput(f"{path} is not in LAReQA's format: {error!r}.", path=str(path)) from error
    golds = [np.array(reader.gold_of[question], dtype=np.int64) for question in reader.question_ids]
    return Benchmark(
        name=name,
        query_ids=[f"{q}.{code}" for q, code in zip(reader.question_ids, reader.query_languages, strict=True)],
        queries=reader.questions,
        query_languages=reader.query_languages,
        passages=reader.sentences,
        passage_languages=reader.sentence_languages,
        golds=golds,
        contexts=reader.contexts,
    )


class _Reader:
    """Collects questions and sentences over the languages."""

    def __init__(self) -> None:
        self.question_ids: list[str] = []
        self.questions: list[str] = []
        self.query_languages: list[str] = []
        self.sentences: list[str] = []
        self.sentence_languages: list[str] = []
        self.contexts: list[str] = []
        self.gold_of: dict[str, list[int]] = defaultdict(list)

    def read(self, language: str, file: dict[str, Any]) -> None:
        """Add one language's parsed file; raises ValueError when an answer lies in no sentence."""
        for article in file["data"]:
            for paragraph in article["paragraphs"]:
                first = len(self.sentences)
                self.sentences += paragraph["sentences"]
                self.sentence_languages += [language] * len(paragraph["sentences"])
                self.contexts += [paragraph["context"]] * len(paragraph["sentences"])
                for question in paragraph["qas"]:
                    self.question_ids.append(question["id"])
                    self.questions.append(question["question"])
                    self.query_languages.append(language)
                    start = question["answers"][0]["answer_start"]
                    self.gold_of[question["id"]].append(first + _containing(paragraph["sentence_breaks"], start))


def _containing(breaks: list[list[int]], position: int) -> int:
    for number, (start, end) in enumerate(breaks):
        if start <= position <= end:
            return number
    raise ValueError(f"no sentence contains character {position}")
