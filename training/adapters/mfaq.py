"""MFAQ: questions and answers from the FAQ pages of the web, in 21 languages.

Files (`clips/mfaq`): `data/LANGUAGE/train.jsonl`, also valid, one web page a line: language text,
qa_pairs, a list of objects with question and answer. Flat copies (language, question, answer)
are read too. There are 6 million pairs; rows are streamed. Not fetched by the authors.
"""

from __future__ import annotations

from collections.abc import Iterator

from index.errors import InvalidInput
from training.adapters.adapter import Adapter, group_of
from training.adapters.language_choice import files_by_language
from training.adapters.origin import Origin
from training.adapters.tally import Tally
from training.groups import Group

__all__ = ["MFAQ"]

_LANGUAGES = (
    "cs", "da", "de", "en", "es", "fi", "fr", "he", "hr", "hu", "id",
    "it", "nl", "no", "pl", "pt", "ro", "ru", "sv", "tr", "vi",
)  # fmt: skip


def _read(origin: Origin, tally: Tally) -> Iterator[Group]:
    if origin.split == "test":
        raise InvalidInput("mfaq has the splits train and validation.")
    split = "valid" if origin.split == "validation" else origin.split
    files = files_by_language(origin, {code: f"data/{code}/{split}.jsonl" for code in _LANGUAGES})
    if files is None:
        yield from _groups(origin, tally, None, "")
    else:
        for language, file in files.items():
            yield from _groups(origin, tally, file, f"{language}/")


def _groups(origin: Origin, tally: Tally, file: str | None, prefix: str) -> Iterator[Group]:
    for row in origin.rows(tally, file):
        language = row.language("language")
        if origin.languages is not None and language not in origin.languages:
            tally.left_out["row in another language"] += 1
            continue
        for pair in row.rows("qa_pairs") if "qa_pairs" in row.values else [row]:
            identity = f"{prefix}{row.number}/{pair.number}"
            yield group_of(identity, language, pair.text("question"), pair.text("answer"))


MFAQ = Adapter(
    name="mfaq",
    hub_id="clips/mfaq",
    config=None,
    licence="CC0 1.0",
    languages=_LANGUAGES,
    fields="language; qa_pairs (question, answer), or question and answer",
    becomes="each question and answer of a page: one group",
    read=_read,
)
