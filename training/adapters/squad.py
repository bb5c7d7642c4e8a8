"""SQuAD-like JSON in several languages: one question id in all of them is one group.

A file is `{"data": [{"paragraphs": [{"context": "…", "sentences": ["…"], "sentence_breaks": [[0, 91]],
"qas": [{"id": "…", "question": "…", "answers": [{"answer_start": 0}]}]}]}]}`. `sentences` and
`sentence_breaks` (characters of the context, end exclusive) stand in XQuAD-R and MLQA-R, not in SQuAD.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from index.errors import InvalidInput, NotFound, UnknownLanguage
from index.languages import language_code
from training.adapters.rows import Row, SchemaDrift
from training.adapters.tally import Tally
from training.groups import Group

__all__ = ["PassageKind", "containing", "read_squad", "with_language"]

PassageKind = Literal["sentence", "paragraph"]

_SPLITS = {"train", "dev", "test", "valid", "validation"}


def with_language(given: str) -> tuple[str, Path]:
    """Split "FILE:LANGUAGE", or take the language from names such as `de.json` and `xquad.de.json`.

    Returns (language code, file). Raises InvalidInput when the name tells no language, NotFound for no file.
    """
    name, colon, code = given.rpartition(":")
    path = Path(name if colon else given)
    if not colon:
        code = path.stem.rpartition(".")[2]
    if not path.is_file():
        raise NotFound(f"There is no file {path}.", path=str(path))
    try:
        # "dev" is also the code of a language of Papua New Guinea; a file of that name means the split.
        if not colon and code in _SPLITS:
            raise UnknownLanguage(f"{code!r} is a split.")
        return language_code(code), path
    except UnknownLanguage as error:
        raise InvalidInput(
            f"{given} does not tell its language ({error.message}) Name it de.json or xquad.de.json, "
            f"or write {path}:de.",
            given=given,
        ) from error


def read_squad(files: list[tuple[str, Path]], passage: PassageKind, tally: Tally) -> Iterator[Group]:
    """Yield one group per question id, with all languages it comes in, in the order of first appearance.

    files: (language code, file). passage: "sentence" takes the sentence with the first answer where the
    file has sentences and the paragraph elsewhere; "paragraph" takes always the paragraph.
    Raises InvalidInput for a file that is not JSON, SchemaDrift naming the place for other shapes.
    """
    groups: dict[str, Group] = {}
    for language, path in files:
        for identity, question, text in _pairs(path, passage, tally):
            group = groups.setdefault(identity, Group(identity, {}, {}))
            if language in group.questions:
                tally.left_out["question id that comes again in its language"] += 1
                continue
            group.questions[language] = question
            group.passages[language] = text
    yield from groups.values()


def _pairs(path: Path, passage: PassageKind, tally: Tally) -> Iterator[tuple[str, str, str]]:
    """Id, question and passage of each answered question."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path} cannot be read as JSON: {error}", path=str(path)) from error
    for article in Row(path.name, 1, document if isinstance(document, dict) else {}).rows("data"):
        for paragraph in article.rows("paragraphs"):
            for question in paragraph.rows("qas"):
                tally.rows += 1
                answers = question.rows("answers")
                if not answers:
                    tally.left_out["question without an answer"] += 1
                    continue
                text = _passage(paragraph, answers[0], passage)
                if text is None:
                    tally.left_out["answer in no sentence"] += 1
                else:
                    yield str(question.value("id", "a text or number", str, int)), question.text("question"), text


def _passage(paragraph: Row, answer: Row, passage: PassageKind) -> str | None:
    """The sentence or paragraph; None when the answer starts in no sentence."""
    if passage == "paragraph" or "sentences" not in paragraph.values:
        return paragraph.text("context")
    sentences = paragraph.texts("sentences")
    breaks = paragraph.value("sentence_breaks", "a list of [start, end]", list)
    pairs = [pair for pair in breaks if isinstance(pair, list) and [type(place) for place in pair] == [int, int]]
    if not len(sentences) == len(breaks) == len(pairs):
        raise SchemaDrift(
            f"{paragraph.where}: 'sentence_breaks' should hold a [start, end] for each of the {len(sentences)} "
            f"sentences, found {str(breaks)[:60]}.",
            where=paragraph.where,
            field="sentence_breaks",
        )
    number = containing(pairs, answer.value("answer_start", "a number", int))
    return None if number is None else sentences[number]


def containing(breaks: list[list[int]], position: int) -> int | None:
    """Number of the sentence that holds the character at `position`; None when none does.

    breaks: [start, end] of each sentence, end exclusive. Scripts without spaces leave no gap between
    sentences: there one's end is the next one's start, and belongs to the next.
    """
    return next((number for number, (start, end) in enumerate(breaks) if start <= position < end), None)
