"""NewsQA: crowdworkers' questions about CNN stories.

Built by hand with github.com/Maluuba/newsqa from two downloads whose terms must be accepted; only
read from a file. Either `combined-newsqa-data-v1.csv`, with question, story_text,
answer_char_ranges ("196:228|196:202,217:228|None", one part a worker) and validated_answers
(JSON, range → votes, may be blank), or `combined-newsqa-data-v1.json`: data, a list of stories
with text and questions; a question has q and consensus, either s and e or noAnswer or
badQuestion. In the CSV the range with most votes stands for the consensus. The passage is the
paragraph with the answer. The tokenised split-data files lack character ranges and are refused.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from index.errors import InvalidInput
from training.adapters.adapter import Adapter, group_of
from training.adapters.language_choice import only_language
from training.adapters.origin import Origin
from training.adapters.rows import Row, SchemaDrift
from training.adapters.span import span_passage
from training.adapters.tally import Tally
from training.groups import Group

__all__ = ["NEWSQA"]


def _read(origin: Origin, tally: Tally) -> Iterator[Group]:
    language = only_language(origin, "en")
    read = _read_json if origin.at.endswith(".json") else _read_csv
    for identity, question, text, span in read(origin, tally):
        if span is None:
            tally.left_out["question without an agreed answer"] += 1
        elif not 0 <= span[0] < min(span[1], len(text)):
            tally.left_out["answer outside its story"] += 1
        else:
            yield group_of(identity, language, question, span_passage(text, *span))


_Question = tuple[str, str, str, tuple[int, int] | None]


def _read_csv(origin: Origin, tally: Tally) -> Iterator[_Question]:
    for row in origin.rows(tally):
        yield str(row.number), row.text("question"), row.text("story_text"), _most_voted(row)


def _most_voted(row: Row) -> tuple[int, int] | None:
    """The first range of the answer most workers gave; None when most gave none."""
    validated, ranges = row.text("validated_answers"), row.text("answer_char_ranges")
    try:
        votes = Counter(json.loads(validated)) if validated else Counter(ranges.split("|"))
        answer = max(votes, key=lambda given: votes[given], default="None")
        if ":" not in answer:
            return None
        start, end = answer.split(",")[0].split(":")
        return int(start), int(end)
    except (ValueError, TypeError) as error:
        found = validated or ranges
        raise SchemaDrift(
            f"{row.where}: 'validated_answers' or 'answer_char_ranges' should hold ranges such as 196:228, "
            f"found {found[:60]!r}.",
            where=row.where,
        ) from error


def _read_json(origin: Origin, tally: Tally) -> Iterator[_Question]:
    try:
        document = json.loads(Path(origin.at).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"newsqa: {origin.at} cannot be read as JSON: {error}", path=origin.at) from error
    values = document if isinstance(document, dict) else {}
    for story in Row(f"newsqa, {Path(origin.at).name}", 1, values).rows("data"):
        text = story.text("text")
        for question in story.rows("questions"):
            tally.rows += 1
            values = question.value("consensus", "an object", dict)
            consensus = Row(f"{question.where}, consensus", 1, values)
            span = None
            if not (values.get("noAnswer") or values.get("badQuestion")):
                span = consensus.value("s", "a number", int), consensus.value("e", "a number", int)
            yield f"{story.number}/{question.number}", question.text("q"), text, span


NEWSQA = Adapter(
    name="newsqa",
    hub_id=None,
    config=None,
    licence="questions under Microsoft's terms, stories CNN's; see github.com/Maluuba/newsqa",
    languages=("en",),
    fields="CSV: question, story_text, answer_char_ranges, validated_answers; JSON: data",
    becomes="one group; passage: the paragraph with the answer",
    read=_read,
)
