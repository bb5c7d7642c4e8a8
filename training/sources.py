"""Where groups come from: the project's own files and the multilingual tables of a data folder.

A data folder may hold `groups/*.jsonl|parquet` (the shape of `training/groups.py`) and any
of five Parquet tables, in which rows that share a key are translations of each other:

    parallel.parquet   source, group, lang, text
    sentences.parquet  source, segment, lang, text
    sections.parquet   source, doc, section, lang, heading, text
    qa.parquet         source, qid, lang, passage_lang, question, passage, answer_sentence
    lexicon.parquet    source, concept, lang, rank, lemma, gloss

Three more are made of these: `switched-qa`, `switched-glosses` and `switched-passages`
(`training/switched_sources.py`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.parquet as parquet

from index.errors import InvalidInput, NotFound
from training.groups import Group, read_groups
from training.switched_sources import SWITCHED_FROM, switched_glosses, switched_passages, switched_questions
from training.switching import LEXICON

__all__ = ["SOURCES", "data_files", "read_source"]

MAX_CHARACTERS = 400
"""Passages are cut here: a static encoder averages away what a longer one would add."""

MAX_SHARED_HEADING = 3
"""A heading that stands over more sections than this ("Overview") identifies none of them."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Table:
    """One file of a data folder and which of its rows are wanted.

    languages: None means all. origin: value of the `source` column; None means all.
    """

    path: Path
    languages: Collection[str] | None
    origin: str | None

    def rows(self, columns: list[str]) -> Iterator[Row]:
        """Yield the wanted rows in file order."""
        for batch in parquet.ParquetFile(self.path).iter_batches(columns=columns, batch_size=65536):
            if self.origin is not None:
                batch = batch.filter(compute.equal(batch["source"], self.origin))
            if self.languages is not None:
                batch = batch.filter(compute.is_in(batch["lang"], value_set=pa.array(sorted(self.languages))))
            yield from batch.to_pylist()


Reader = Callable[[_Table], Iterator[Group]]


def _keyed(rows: Iterator[Row], *keys: str) -> Iterator[tuple[str, list[Row]]]:
    """Collect neighbouring rows that share a key; yields (id, rows)."""
    for key, members in groupby(rows, key=lambda row: tuple(str(row[name]) for name in keys)):
        yield "/".join(key), list(members)


def _translations(name: str, key: str) -> Reader:
    def read(table: _Table) -> Iterator[Group]:
        """Yield one group per text that stands in two languages or more."""
        for identity, members in _keyed(table.rows(["source", key, "lang", "text"]), "source", key):
            texts = {row["lang"]: row["text"][:MAX_CHARACTERS] for row in members if row["text"].strip()}
            if len(texts) > 1:
                yield Group(f"{name}/{identity}", texts, texts, f"{name}/{members[0]['source']}")

    return read


def _sections(table: _Table) -> Iterator[Group]:
    columns = ["source", "doc", "section", "lang", "heading", "text"]
    sections = list(_keyed(table.rows(columns), "source", "doc", "section"))
    seen = Counter((row["lang"], row["heading"].lower()) for _, members in sections for row in members)
    for identity, members in sections:
        usable = [row for row in members if row["heading"].strip() and row["text"].strip()]
        usable = [row for row in usable if seen[row["lang"], row["heading"].lower()] <= MAX_SHARED_HEADING]
        if usable:
            questions = {row["lang"]: row["heading"] for row in usable}
            passages = {row["lang"]: row["text"][:MAX_CHARACTERS] for row in usable}
            yield Group(f"sections/{identity}", questions, passages, f"sections/{members[0]['source']}")


def _qa(table: _Table) -> Iterator[Group]:
    """One group per question; the passage is the sentence with the answer where that is known."""
    columns = ["source", "qid", "lang", "passage_lang", "question", "passage", "answer_sentence"]
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in table.rows(columns):
        if row["question"].strip() and (table.languages is None or row["passage_lang"] in table.languages):
            grouped[row["qid"]].append(row)
    for identity, members in grouped.items():
        questions = {row["lang"]: row["question"] for row in members}
        passages = {row["passage_lang"]: (row["answer_sentence"] or row["passage"])[:MAX_CHARACTERS] for row in members}
        passages = {code: text for code, text in passages.items() if text.strip()}
        if passages:
            yield Group(f"qa/{identity}", questions, passages, f"qa/{members[0]['source']}")


def _concepts(table: _Table) -> Iterator[tuple[str, list[Row]]]:
    return _keyed(table.rows(["source", "concept", "lang", "rank", "lemma", "gloss"]), "source", "concept")


def _lexicon(table: _Table) -> Iterator[Group]:
    """A concept's first name as question, its second (or only) one as passage."""
    for identity, members in _concepts(table):
        names: dict[str, list[str]] = defaultdict(list)
        for row in sorted(members, key=lambda row: int(row["rank"])):
            if row["lemma"].strip():
                names[row["lang"]].append(row["lemma"])
        questions = {code: lemmas[0] for code, lemmas in names.items()}
        passages = {code: lemmas[min(1, len(lemmas) - 1)] for code, lemmas in names.items()}
        if len(names) > 1:
            yield Group(f"lexicon/{identity}", questions, passages, f"lexicon/{members[0]['source']}")


def _glosses(table: _Table) -> Iterator[Group]:
    """A concept's names in all languages with its English definition as passage."""
    for identity, members in _concepts(table):
        gloss = next((row["gloss"] for row in members if row["gloss"]), None)
        if gloss and (table.languages is None or "en" in table.languages):
            first = {row["lang"]: row["lemma"] for row in members if int(row["rank"]) == 0 and row["lemma"].strip()}
            if first:
                source = f"glosses/{members[0]['source']}"
                yield Group(f"glosses/{identity}", first, {"en": gloss[:MAX_CHARACTERS]}, source)


def _switched_qa(table: _Table) -> Iterator[Group]:
    return switched_questions(_qa(_to_switch(table)), table.path.with_name(LEXICON), table.languages)


def _switched_passages(table: _Table) -> Iterator[Group]:
    wanted = _to_switch(table)
    passages: dict[str, tuple[str, str, str]] = {}
    for row in wanted.rows(["source", "qid", "lang", "passage_lang", "passage"]):
        if row["passage_lang"] in SWITCHED_FROM:
            passages.setdefault(row["passage"], (f"{row['source']}/{row['qid']}", row["passage_lang"], row["passage"]))
    source = f"passages/{table.origin or 'qa'}"
    return switched_passages(passages.values(), source, table.path.with_name(LEXICON), table.languages)


def _to_switch(table: _Table) -> _Table:
    """The rows in languages that texts are switched from."""
    languages = [code for code in SWITCHED_FROM if table.languages is None or code in table.languages]
    return _Table(table.path, languages, table.origin)


def _switched_glosses(table: _Table) -> Iterator[Group]:
    english = _Table(table.path, {"en"}, table.origin)
    return switched_glosses(_glosses(english), table.path, table.languages)


def _own_groups(table: _Table) -> Iterator[Group]:
    languages = table.languages
    for path in sorted(p for p in table.path.glob("*") if p.suffix in {".jsonl", ".parquet"}):
        for group in read_groups(path):
            questions, passages = _only(group.questions, languages), _only(group.passages, languages)
            if questions and passages and table.origin in (None, group.source):
                yield Group(group.id, questions, passages, f"groups/{group.source}", _only(group.negatives, languages))


_Content = TypeVar("_Content")


def _only(by_language: dict[str, _Content], languages: Collection[str] | None) -> dict[str, _Content]:
    return {code: content for code, content in by_language.items() if languages is None or code in languages}


SOURCES: dict[str, tuple[str, Reader]] = {
    "parallel": ("parallel.parquet", _translations("parallel", "group")),
    "sentences": ("sentences.parquet", _translations("sentences", "segment")),
    "sections": ("sections.parquet", _sections),
    "qa": ("qa.parquet", _qa),
    "lexicon": ("lexicon.parquet", _lexicon),
    "glosses": ("lexicon.parquet", _glosses),
    "switched-qa": ("qa.parquet", _switched_qa),
    "switched-passages": ("qa.parquet", _switched_passages),
    "switched-glosses": (LEXICON, _switched_glosses),
    "groups": ("groups", _own_groups),
}
"""Source name → the file or folder it reads and its reader."""


def _training_folder(data: Path) -> Path:
    return data / "train" if (data / "train").is_dir() else data


def data_files(data: Path, names: Collection[str]) -> list[Path]:
    """List the files the named sources read, for their hashes in the run folder.

    Raises NotFound when a file is missing, InvalidInput for a name that is no source.
    """
    files: dict[Path, None] = {}
    for name in names:
        path = _path_of(data, name)
        files.update(dict.fromkeys(sorted(path.glob("*")) if path.is_dir() else [path]))
    return list(files)


def _path_of(data: Path, name: str) -> Path:
    table = name.partition("/")[0]
    if table not in SOURCES:
        raise InvalidInput(f"There is no source {name!r}; choose from {', '.join(SOURCES)}.", given=name)
    path = _training_folder(data) / SOURCES[table][0]
    if not path.exists():
        raise NotFound(
            f"Source {name!r} needs {path}, which does not exist. Put it there, or train from groups of your own by a "
            "recipe that names them (docs/training.md, A first run).",
            path=str(path),
        )
    return path


def read_source(data: Path, name: str, languages: Collection[str] | None = None) -> Iterator[Group]:
    """Yield the groups of one source.

    data: folder with the tables, or its parent (then `train/` is read).
    name: a table ("parallel") or one origin in it ("parallel/ntrex128").
    languages: keep only these codes; None keeps all.
    Raises NotFound when the file is missing, InvalidInput for a name that is no source.
    """
    path = _path_of(data, name)
    table, _, origin = name.partition("/")
    yield from SOURCES[table][1](_Table(path, languages, origin or None))
