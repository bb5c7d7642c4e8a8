"""Where groups come from: the project's own files and the multilingual tables of a data folder.

A data folder may hold `groups/*.jsonl|parquet` (the shape of `training/groups.py`) and any
of five Parquet tables, in which rows that share a key are translations of each other:

    parallel.parquet   source, group, lang, text
    sentences.parquet  source, segment, lang, text
    sections.parquet   source, doc, section, lang, heading, text
    qa.parquet         source, qid, lang, passage_lang, question, passage, answer_sentence
    lexicon.parquet    source, concept, lang, rank, lemma, gloss
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow.compute as compute
import pyarrow.parquet as parquet

from index.errors import InvalidInput, NotFound
from training.groups import Group, read_groups

__all__ = ["SOURCES", "data_files", "read_source"]

MAX_CHARACTERS = 400
"""Passages are cut here: a static encoder averages away what a longer one would add."""

MAX_SHARED_HEADING = 3
"""A heading that stands over more sections than this ("Overview") identifies none of them."""

Row = dict[str, Any]


def _rows(path: Path, columns: list[str], languages: Collection[str] | None) -> Iterator[Row]:
    """Yield a table's rows in file order, only the wanted columns and languages."""
    for batch in parquet.ParquetFile(path).iter_batches(columns=columns, batch_size=65536):
        if languages is not None:
            import pyarrow as pa

            batch = batch.filter(compute.is_in(batch["lang"], value_set=pa.array(sorted(languages))))
        yield from batch.to_pylist()


def _keyed(rows: Iterator[Row], *keys: str) -> Iterator[tuple[str, list[Row]]]:
    """Collect neighbouring rows that share a key; yields (id, rows)."""
    for key, members in groupby(rows, key=lambda row: tuple(str(row[name]) for name in keys)):
        yield "/".join(key), list(members)


def _translations(name: str, key: str) -> Callable[[Path, Collection[str] | None], Iterator[Group]]:
    def read(folder: Path, languages: Collection[str] | None) -> Iterator[Group]:
        rows = _rows(folder / f"{name}.parquet", ["source", key, "lang", "text"], languages)
        for identity, members in _keyed(rows, "source", key):
            texts = {row["lang"]: row["text"][:MAX_CHARACTERS] for row in members if row["text"].strip()}
            if len(texts) > 1:
                yield Group(f"{name}/{identity}", texts, texts, f"{name}/{members[0]['source']}")

    return read


def _sections(folder: Path, languages: Collection[str] | None) -> Iterator[Group]:
    columns = ["source", "doc", "section", "lang", "heading", "text"]
    sections = list(_keyed(_rows(folder / "sections.parquet", columns, languages), "source", "doc", "section"))
    seen = Counter((row["lang"], row["heading"].lower()) for _, members in sections for row in members)
    for identity, members in sections:
        usable = [row for row in members if row["heading"].strip() and row["text"].strip()]
        usable = [row for row in usable if seen[row["lang"], row["heading"].lower()] <= MAX_SHARED_HEADING]
        if usable:
            questions = {row["lang"]: row["heading"] for row in usable}
            passages = {row["lang"]: row["text"][:MAX_CHARACTERS] for row in usable}
            yield Group(f"sections/{identity}", questions, passages, f"sections/{members[0]['source']}")


def _qa(folder: Path, languages: Collection[str] | None) -> Iterator[Group]:
    """One group per question; the passage is the sentence with the answer where that is known."""
    columns = ["source", "qid", "lang", "passage_lang", "question", "passage", "answer_sentence"]
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in _rows(folder / "qa.parquet", columns, languages):
        if row["question"].strip() and (languages is None or row["passage_lang"] in languages):
            grouped[row["qid"]].append(row)
    for identity, members in grouped.items():
        questions = {row["lang"]: row["question"] for row in members}
        passages = {row["passage_lang"]: (row["answer_sentence"] or row["passage"])[:MAX_CHARACTERS] for row in members}
        passages = {code: text for code, text in passages.items() if text.strip()}
        if passages:
            yield Group(f"qa/{identity}", questions, passages, f"qa/{members[0]['source']}")


def _concepts(folder: Path, languages: Collection[str] | None) -> Iterator[tuple[str, list[Row]]]:
    columns = ["source", "concept", "lang", "rank", "lemma", "gloss"]
    return _keyed(_rows(folder / "lexicon.parquet", columns, languages), "source", "concept")


def _lexicon(folder: Path, languages: Collection[str] | None) -> Iterator[Group]:
    """A concept's first name as question, its second (or only) one as passage."""
    for identity, members in _concepts(folder, languages):
        names: dict[str, list[str]] = defaultdict(list)
        for row in sorted(members, key=lambda row: int(row["rank"])):
            if row["lemma"].strip():
                names[row["lang"]].append(row["lemma"])
        questions = {code: lemmas[0] for code, lemmas in names.items()}
        passages = {code: lemmas[min(1, len(lemmas) - 1)] for code, lemmas in names.items()}
        if len(names) > 1:
            yield Group(f"lexicon/{identity}", questions, passages, f"lexicon/{members[0]['source']}")


def _glosses(folder: Path, languages: Collection[str] | None) -> Iterator[Group]:
    """A concept's names in all languages with its English definition as passage."""
    for identity, members in _concepts(folder, languages):
        gloss = next((row["gloss"] for row in members if row["gloss"]), None)
        if gloss and (languages is None or "en" in languages):
            first = {row["lang"]: row["lemma"] for row in members if int(row["rank"]) == 0 and row["lemma"].strip()}
            if first:
                source = f"glosses/{members[0]['source']}"
                yield Group(f"glosses/{identity}", first, {"en": gloss[:MAX_CHARACTERS]}, source)


def _own_groups(folder: Path, languages: Collection[str] | None) -> Iterator[Group]:
    for path in sorted(p for p in (folder / "groups").glob("*") if p.suffix in {".jsonl", ".parquet"}):
        for group in read_groups(path):
            questions, passages = (
                {code: text for code, text in texts.items() if languages is None or code in languages}
                for texts in (group.questions, group.passages)
            )
            if questions and passages:
                yield Group(group.id, questions, passages, "groups")


SOURCES: dict[str, tuple[str, Callable[[Path, Collection[str] | None], Iterator[Group]]]] = {
    "parallel": ("parallel.parquet", _translations("parallel", "group")),
    "sentences": ("sentences.parquet", _translations("sentences", "segment")),
    "sections": ("sections.parquet", _sections),
    "qa": ("qa.parquet", _qa),
    "lexicon": ("lexicon.parquet", _lexicon),
    "glosses": ("lexicon.parquet", _glosses),
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
    if name not in SOURCES:
        raise InvalidInput(f"There is no source {name!r}; choose from {', '.join(SOURCES)}.", given=name)
    path = _training_folder(data) / SOURCES[name][0]
    if not path.exists():
        raise NotFound(f"Source {name!r} needs {path}, which does not exist.", path=str(path))
    return path


def read_source(data: Path, name: str, languages: Collection[str] | None = None) -> Iterator[Group]:
    """Yield the groups of one source.

    data: folder with the tables, or its parent (then `train/` is read).
    languages: keep only these codes; None keeps all.
    Raises NotFound when the file is missing, InvalidInput for a name that is no source.
    """
    _path_of(data, name)
    yield from SOURCES[name][1](_training_folder(data), languages)
