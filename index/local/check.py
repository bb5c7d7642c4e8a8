"""Everything there is to verify about a local collection, verified: `isoglot check`.

Reads only, and may run beside the process that writes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from index.languages import language_code
from index.lexical.check import words_faults
from index.local.index import LocalIndex
from index.local.recall import measure
from index.local.schema import facet_rows
from index.local.segment import Segment
from index.local.sums import Sums, read_sums, sums_of

__all__ = ["Finding", "check"]

_AT_ONCE = 5_000
_LENGTH_TOLERANCE = 1e-3
_CODE_COSINE = {"float32": 0.999999, "float16": 0.9999, "int8": 0.98}
"""Least cosine between a stored vector and what a segment keeps of it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing verified. faults: what is wrong, empty when nothing is. looked_at: how much was read."""

    what: str
    looked_at: str
    faults: list[str]


def check(index: LocalIndex) -> Iterator[Finding]:
    """Yield what is found, in the order in which one thing rests on another."""
    checks: list[tuple[str, Callable[[LocalIndex], tuple[str, list[str]]]]] = [
        ("database", _database),
        ("passages and vectors", _passages),
        ("mean vectors", _means),
        ("metadata for filters", _facets),
        ("files of vectors", _files),
        ("vectors searched = passages stored", _numbers),
        ("vectors searched are those stored", _codes),
        ("recall", _recall),
        ("words searched = passages stored", _words),
    ]
    for what, verify in checks:
        looked_at, faults = verify(index)
        yield Finding(what, looked_at, faults)


def _database(index: LocalIndex) -> tuple[str, list[str]]:
    return "SQLite's integrity check", index.store.database.faults()


def _counted(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}"


def _passages(index: LocalIndex) -> tuple[str, list[str]]:
    faults, count = [], 0
    for block in index.scan(size=_AT_ONCE):
        lengths = np.linalg.norm(block.vectors, axis=1)
        for passage, length in zip(block.passages, lengths, strict=True):
            if not abs(length - 1) <= _LENGTH_TOLERANCE:
                faults.append(f"the vector of {passage.id!r} has length {length:.4f} instead of 1")
            if language_code(passage.language) != passage.language:
                faults.append(f"{passage.id!r} has language {passage.language!r}, not in its canonical form")
        count += len(block.passages)
    return _counted(count, "passage", "passages"), faults


def _means(index: LocalIndex) -> tuple[str, list[str]]:
    sums: Sums = {}
    for block in index.scan(size=_AT_ONCE):
        for code, (count, total) in sums_of([passage.language for passage in block.passages], block.vectors).items():
            before = sums.get(code, (0, 0))
            sums[code] = (before[0] + count, before[1] + total)
    with index.store.database.reading() as connection:
        kept = read_sums(connection)
    odd = [c for c in sorted({*sums, *kept}) if c not in sums or c not in kept or not _are_equal(sums[c], kept[c])]
    return f"{len(sums)} languages", [f"the sum of the vectors in {code} is not what is kept of it" for code in odd]


def _are_equal(one: tuple[int, np.ndarray], other: tuple[int, np.ndarray]) -> bool:
    return one[0] == other[0] and np.array_equal(one[1], other[1])


def _facets(index: LocalIndex) -> tuple[str, list[str]]:
    with index.store.database.reading() as connection:
        held = connection.execute("SELECT number, language, id, metadata FROM passages")
        wanted = 0
        faults = []
        while rows := held.fetchmany(_AT_ONCE):
            for number, language, identity, text in rows:
                facets = set(facet_rows(number, language, json.loads(text)))
                wanted += len(facets)
                query = "SELECT count(*) FROM facets WHERE (field, kind, value, language, number) = (?, ?, ?, ?, ?)"
                if any(not connection.execute(query, facet).fetchone()[0] for facet in facets):
                    faults.append(f"a filter would not find {identity!r} by all of its metadata")
        stored = connection.execute("SELECT count(*) FROM facets").fetchone()[0]
    if stored != wanted:
        faults.append(f"{stored:,} entries instead of {wanted:,}")
    return _counted(wanted, "entry", "entries"), faults


def _files(index: LocalIndex) -> tuple[str, list[str]]:
    manifest = index.state.now.manifest
    return f"{_counted(len(manifest.segments), 'segment', 'segments')} by checksum", list(index.state.now.rebuilt)


def _numbers(index: LocalIndex) -> tuple[str, list[str]]:
    view = index.view()
    stored = index.store.numbers(0, index.state.now.last)
    faults = []
    parts = [*(segment.parts for segment in view.segments), view.tail.parts]
    for code in sorted({*stored, *(code for held in parts for code in held)}):
        searched = np.sort(np.concatenate([held[code].living() for held in parts if code in held] or [_NONE]))
        odd = islice(np.setxor1d(searched, stored.get(code, _NONE)), 5)
        faults += [f"number {number} ({code}) stands on one side only" for number in odd]
        if len(np.unique(searched)) != len(searched):
            faults.append(f"a passage in {code} is searched twice")
    return _counted(sum(map(len, stored.values())), "number", "numbers"), faults


_NONE = np.empty(0, dtype=np.int64)


def _words(index: LocalIndex) -> tuple[str, list[str]]:
    told = index.lexical.info()
    if told["state"] != "ready":
        return f"lexical search is {told['state']}", []
    with index.store.database.reading() as connection:
        return words_faults(connection)


def _codes(index: LocalIndex) -> tuple[str, list[str]]:
    faults, count = [], 0
    for segment in index.view().segments:
        least = _CODE_COSINE[segment.facts.storage]
        for number, cosine in _cosines(index, segment):
            count += 1
            if cosine < least:
                faults.append(f"number {number}: cosine {cosine:.4f} to the stored vector, below {least}")
    return _counted(count, "vector", "vectors"), faults


def _cosines(index: LocalIndex, segment: Segment) -> Iterator[tuple[int, float]]:
    rows_of = {number: row for row, number in enumerate(segment.numbers.tolist())}
    for rows in index.store.rows(segment.facts.first, segment.facts.last, segment.facts.dimension):
        known = [number for number in rows.numbers.tolist() if number in rows_of]
        stored = rows.vectors[np.isin(rows.numbers, known)]
        kept = segment.storage.reconstruct_batch(np.array([rows_of[number] for number in known], dtype=np.int64))
        products = np.einsum("nd,nd->n", stored, kept) / np.maximum(np.linalg.norm(kept, axis=1), 1e-9)
        yield from zip(known, products.tolist(), strict=True)


def _recall(index: LocalIndex) -> tuple[str, list[str]]:
    faults, looked = [], []
    for segment in index.view().segments:
        for name, reached in measure(segment, seed=1).items():
            looked.append(f"{name or 'all'} {reached:.3f}")
            # A hundred queries drawn anew: the promise may be missed by chance, not by much.
            if reached < index.shape.recall - 0.02:
                faults.append(f"recall@10 of {name or 'all'} is {reached:.3f}, promised {index.shape.recall}")
    return ", ".join(looked) or "searched exactly", faults
