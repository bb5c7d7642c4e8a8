"""mMARCO: MS MARCO's queries and passages machine-translated into 13 languages.

Files (`unicamp-dl/mmarco`, headerless TSV): `data/triples.train.ids.small.tsv` with the ids of a query, a
right and a wrong passage; `data/google/queries/train/NAME_queries.train.tsv` and
`data/google/collections/NAME_collection.tsv` with id and text. Ids are the same in all languages, so
one group holds a query and its passage in every language asked for. Also read, from any other
file: rows with query, positive and negative as texts. Not fetched by the authors.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import Any

import numpy as np

from index.errors import InvalidInput
from training.adapters.adapter import Adapter, group_of
from training.adapters.language_choice import files_by_language, only_language
from training.adapters.origin import Origin
from training.adapters.tally import Tally
from training.adapters.text_table import TextTable
from training.groups import Group

__all__ = ["MMARCO"]

_NAMES = {
    "ar": "arabic", "de": "german", "en": "english", "es": "spanish", "fr": "french", "hi": "hindi",
    "id": "indonesian", "it": "italian", "ja": "japanese", "nl": "dutch", "pt": "portuguese", "ru": "russian",
    "vi": "vietnamese", "zh": "chinese",
}  # fmt: skip
_TRIPLES = "data/triples.train.ids.small.tsv"
_NEGATIVES = 8
"""There are some 75 triples a query; a batch draws a few negatives and never needs them all."""

_GROUPS_AT_ONCE = 2048

_Ids = tuple[int, int, list[int]]
"""Ids of a query, its right passage, and wrong ones."""


def _read(origin: Origin, tally: Tally) -> Iterator[Group]:
    files = files_by_language(
        origin, {code: f"data/google/collections/{name}_collection.tsv" for code, name in _NAMES.items()}
    )
    if files is None:
        yield from _text_triples(origin, tally)
        return
    if origin.split != "train":
        raise InvalidInput("mmarco has triples for the split train only.")
    if origin.languages is None and not origin.is_local:
        raise InvalidInput(
            "Each of mmarco's 14 languages is a download of gigabytes; name those wanted with --languages."
        )
    columns = ["id", "text"]
    passages = {code: TextTable(origin.table(file, columns), file) for code, file in files.items()}
    files = {code: f"data/google/queries/train/{_NAMES[code]}_queries.train.tsv" for code in files}
    queries = {code: TextTable(origin.table(file, columns), file) for code, file in files.items()}
    triples = origin.table(_TRIPLES, ["query", "positive", "negative"])
    block: list[_Ids] = []
    for ids in _grouped(triples, tally):
        block.append(ids)
        if len(block) == _GROUPS_AT_ONCE:
            yield from _with_texts(block, queries, passages, tally)
            block = []
    if block:
        yield from _with_texts(block, queries, passages, tally)


def _grouped(triples: Any, tally: Tally) -> Iterator[_Ids]:
    """One item for each query and right passage, by rising query id; the first few wrong passages of the query."""
    columns = [np.asarray(triples.data.column(name)) for name in ("query", "positive", "negative")]
    if any(column.dtype.kind != "i" for column in columns):
        raise InvalidInput(f"mmarco: {_TRIPLES} should hold three numbers a line, found {triples[0]}.")
    query, positive, negative = columns
    order = np.argsort(query, kind="stable")
    query, positive, negative = query[order], positive[order], negative[order]
    starts = (np.flatnonzero(np.diff(query)) + 1).tolist()
    for start, end in pairwise([0, *starts, len(query)]):
        tally.rows += end - start
        right = dict.fromkeys(positive[start:end].tolist())
        wrong = [passage for passage in dict.fromkeys(negative[start:end].tolist()) if passage not in right]
        for passage in right:
            yield int(query[start]), passage, wrong[:_NEGATIVES]


def _with_texts(
    block: list[_Ids], queries: dict[str, TextTable], passages: dict[str, TextTable], tally: Tally
) -> Iterator[Group]:
    asked = np.array([query for query, _, _ in block], dtype=np.int64)
    told = np.array([passage for _, right, wrong in block for passage in (right, *wrong)], dtype=np.int64)
    query_texts = {code: table.texts(asked) for code, table in queries.items()}
    passage_texts = {code: table.texts(told) for code, table in passages.items()}
    for query, right, wrong in block:
        questions = {code: texts[query] for code, texts in query_texts.items() if query in texts}
        answers = {code: texts[right] for code, texts in passage_texts.items() if right in texts}
        negatives = {c: [texts[id_] for id_ in wrong if id_ in texts] for c, texts in passage_texts.items()}
        tally.left_out["query id without a text"] += len(query_texts) - len(questions)
        tally.left_out["passage id without a text"] += len(passage_texts) - len(answers)
        yield Group(f"{query}/{right}", questions, answers, negatives=negatives)


def _text_triples(origin: Origin, tally: Tally) -> Iterator[Group]:
    """Neighbouring rows with the same query and right passage are one group."""
    language = only_language(origin)
    rows = origin.rows(tally)
    for (query, positive), members in groupby(rows, key=lambda row: (row.text("query"), row.text("positive"))):
        triples = list(members)
        negatives = [row.text("negative") for row in triples][:_NEGATIVES]
        yield group_of(f"{language}/{triples[0].number}", language, query, positive, negatives)


MMARCO = Adapter(
    name="mmarco",
    hub_id="unicamp-dl/mmarco",
    config=None,
    licence="Apache-2.0; MS MARCO: non-commercial research only",
    languages=tuple(_NAMES),
    fields="triples of ids with tables of id and text; or query, positive, negative as texts",
    becomes="a query and its passage: one group in all languages named, with up to 8 negatives",
    read=_read,
)
