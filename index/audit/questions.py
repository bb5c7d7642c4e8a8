"""Parallel questions: one question in several languages, with the passages that answer it where they are known.

    {"id": "tides-1", "questions": {"en": "Why two tides a day?", "th": "…"}, "relevant": ["tides.en", "tides.th"]}

`id` and `questions` are required. The group lines that training reads are parallel questions too; their `passages`
and `source` are passed over.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from index.demo import demo_passages, demo_questions
from index.errors import InvalidInput, MalformedLine, NotFound
from index.languages import language_code
from index.text import clean

__all__ = ["ParallelQuestion", "demo", "parse_questions", "read_questions", "require_parallel", "sample"]


class ParallelQuestion(BaseModel):
    """One question in one language or several.

    questions: language (BCP 47) → text. relevant: ids of the passages that answer it, in any language; None when
    they are not known. passages, source: of group lines, not used.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1, examples=["tides-1"])
    questions: dict[str, str] = Field(
        min_length=1, examples=[{"en": "Why are there two tides a day?", "de": "Warum gibt es zweimal am Tag Flut?"}]
    )
    relevant: list[str] | None = Field(None, min_length=1, examples=[["tides.en", "tides.de"]])
    passages: dict[str, Any] | None = Field(None, exclude=True)
    source: str | None = Field(None, exclude=True)

    @field_validator("questions")
    @classmethod
    def _checked(cls, given: dict[str, str]) -> dict[str, str]:
        return {language_code(code): clean(text, "question") for code, text in given.items()}

    @field_validator("relevant")
    @classmethod
    def _once(cls, given: list[str] | None) -> list[str] | None:
        return None if given is None else list(dict.fromkeys(given))


def parse_questions(lines: Iterable[bytes], name: str) -> Iterator[ParallelQuestion]:
    """Yield questions from JSON lines, skipping empty ones; name: what the lines are called in errors.

    Raises MalformedLine with the number of the first line that cannot be used.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield ParallelQuestion.model_validate(json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8")))
        except InvalidInput as error:
            raise MalformedLine(f"{name}, line {number}: {error.message}", line=number) from error
        except ValidationError as error:
            raise MalformedLine(f"{name}, line {number}: {_told(error)}", line=number) from error
        except (ValueError, RecursionError) as error:
            raise MalformedLine(f"{name}, line {number}: not valid UTF-8 JSON ({error}).", line=number) from error


def _told(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'the line'}: {first['msg']}."


def read_questions(path: Path) -> list[ParallelQuestion]:
    """The questions of a JSON lines file; raises NotFound, MalformedLine, InvalidInput when none is parallel."""
    if not path.is_file():
        raise NotFound(f"There is no file of questions {path}.", path=str(path))
    with path.open("rb") as lines:
        questions = list(parse_questions(lines, str(path)))
    require_parallel(questions)
    return questions


def demo() -> list[ParallelQuestion]:
    """The demo set's 96 questions in 12 languages; every passage of a question's topic answers it."""
    answering: dict[str, list[str]] = {}
    for passage in demo_passages():
        answering.setdefault(passage["metadata"]["topic"], []).append(passage["id"])
    return [
        ParallelQuestion(id=row["id"], questions=row["questions"], relevant=answering[row["topic"]])
        for row in demo_questions()
    ]


def require_parallel(questions: Sequence[ParallelQuestion]) -> None:
    """Raise InvalidInput unless ids are unique and some question stands in two languages."""
    if len({question.id for question in questions}) < len(questions):
        raise InvalidInput("Two questions have the same id; give each its own.")
    if not any(len(question.questions) > 1 for question in questions):
        raise InvalidInput(
            f"None of the {len(questions)} questions stands in two languages, so nothing can be compared; "
            'give each as {"id": …, "questions": {"en": "…", "de": "…"}}.'
        )


def sample(questions: Sequence[ParallelQuestion], most: int, seed: int = 0) -> list[ParallelQuestion]:
    """At most so many questions, drawn at random and kept in their order."""
    if len(questions) <= most:
        return list(questions)
    kept = sorted(Random(seed).sample(range(len(questions)), most))  # noqa: S311 - a sample, no secret
    return [questions[row] for row in kept]
