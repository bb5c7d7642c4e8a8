"""Training texts that also stand in an evaluation set make its scores worthless; this finds them.

A training text has leaked when it equals a question, passage or context of the evaluation
set, or shares a run of at least `run` units with one (`training/normalise.py` says what
counts). Short texts are let through: an evaluation question of 20 to 59 units is found when
a training text equals it, not when it stands inside a longer one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa

from index.errors import InvalidInput, IsoglotError, MalformedLine
from index.text import fold
from training.benchmarks import BENCHMARKS, load_benchmark
from training.groups import read_groups
from training.json_lines import json_lines
from training.leak_index import LEAST_EQUAL, LeakIndex, Match
from training.normalise import to_units, units_of_characters
from training.pace import pace

__all__ = ["RUN", "Leak", "LeaksFound", "evaluation_texts", "find_leaks", "require_no_leaks"]

RUN = 60
"""Default shortest shared run, units: about twelve English words, or twenty Han characters. Between
2.3 million training texts and XQuAD-R, cleaned of longer ones, 60 finds none, 40 three and 30
already 264, mostly names of offices and stock phrases."""

_BLOCK_CHARACTERS = 2_000_000
_BLOCK_TEXTS = 65_536
_SHOWN_CHARACTERS = 200
_SHOWN_LEAKS = 3
_TEXTS_PER_STEP = 10_000


class LeaksFound(IsoglotError):
    """Training texts stand in an evaluation set too; `detail["report"]` lists them."""

    code = "leaks_found"


@dataclass(frozen=True, slots=True)
class Leak:
    """One training text that stands in the evaluation texts.

    row: number of the training text, from 0. evaluation_row: number of the evaluation text.
    text, evaluation: both, cut to 200 characters.
    run: the shared run as it stands in the training text, case-folded; None when how is "equal".
    """

    row: int
    evaluation_row: int
    how: Literal["equal", "shared run"]
    text: str
    evaluation: str
    run: str | None


def evaluation_texts(name: str, data: str | Path | None = None) -> list[str]:
    """All texts of an evaluation set, each once: questions, candidate passages and their contexts.

    name: a benchmark (`training/benchmarks`), or the path of a group file (`.jsonl`,
    `.parquet`) or of JSON lines that are texts or objects with a "text".
    data: the benchmark's files, as `load_benchmark` takes them; None for paths.
    Raises InvalidInput for another name or a malformed file, NotFound for missing files.
    """
    if name in BENCHMARKS:
        benchmark = load_benchmark(name, data)
        return list(dict.fromkeys([*benchmark.queries, *benchmark.passages, *(benchmark.contexts or [])]))
    path = Path(name)
    if not path.is_file():
        raise InvalidInput(
            f"{name!r} is neither a benchmark ({', '.join(BENCHMARKS)}) nor a file of groups or texts.", given=name
        )
    texts = list(dict.fromkeys(_group_texts(path) if _holds_groups(path) else _line_texts(path)))
    if not texts:
        raise InvalidInput(f"{path} holds no texts; an empty evaluation set would let every leak through.")
    return texts


def _holds_groups(path: Path) -> bool:
    if path.suffix == ".parquet":
        return True
    with path.open(encoding="utf-8", errors="replace") as lines:
        first = next((line for line in lines if line.strip()), "")
    return '"questions"' in first


def _group_texts(path: Path) -> Iterator[str]:
    for group in read_groups(path):
        yield from group.questions.values()
        yield from group.passages.values()


def _line_texts(path: Path) -> Iterator[str]:
    for number, row in json_lines(path):
        text = row.get("text") if isinstance(row, dict) else row
        if not isinstance(text, str):
            told = f'{path}, line {number}: neither a text nor an object with a "text".'
            raise MalformedLine(told, path=str(path), line=number)
        yield text


def find_leaks(texts: Iterable[str] | pa.ChunkedArray, evaluation: Iterable[str], run: int = RUN) -> Iterator[Leak]:
    """Yield the training texts that have leaked, in order, each once.

    texts: read once and in blocks, so memory does not grow with them.
    run: shortest shared run, units. Raises InvalidInput below 20.
    """
    if run < LEAST_EQUAL:
        raise InvalidInput(f"run is {run}; runs below {LEAST_EQUAL} units are shared by chance.", given=run)
    known = list(evaluation)
    index = LeakIndex(known, run)
    for first, block in _blocks(_strings(texts)):
        units = to_units(block)
        for number in index.suspects(units).tolist():
            match = index.match(units.codes[units.starts[number] : units.ends[number]])
            if match is not None:
                yield _leak(first + number, block[number], known[match.evaluation], match)


def _leak(row: int, text: str, evaluation: str, match: Match) -> Leak:
    shown = text[:_SHOWN_CHARACTERS], evaluation[:_SHOWN_CHARACTERS]
    if match.is_equal:
        return Leak(row, match.evaluation, "equal", *shown, None)
    return Leak(row, match.evaluation, "shared run", *shown, _shared_run(text, match))


def _shared_run(text: str, match: Match) -> str:
    folded = fold(text)
    last_unit = np.cumsum(units_of_characters(folded), dtype=np.int64)
    places = (match.start, match.start + match.length - 1)
    first, last = np.searchsorted(last_unit, places, side="right").tolist()
    return folded[first : last + 1]


def _strings(texts: Iterable[str] | pa.ChunkedArray) -> Iterator[str]:
    if not isinstance(texts, pa.ChunkedArray):
        yield from texts
        return
    for start in range(0, len(texts), _BLOCK_TEXTS):
        yield from texts.slice(start, _BLOCK_TEXTS).to_pylist()


def _blocks(texts: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Cut into (number of the first text, texts)."""
    first, characters, block = 0, 0, list[str]()
    for text in texts:
        block.append(text)
        characters += len(text)
        if characters >= _BLOCK_CHARACTERS or len(block) >= _BLOCK_TEXTS:
            yield first, block
            first, characters, block = first + len(block), 0, []
    if block:
        yield first, block


def require_no_leaks(
    texts: Iterable[str] | pa.ChunkedArray,
    evaluations: Sequence[tuple[str, str | Path | None]],
    report: Path,
    allow: bool = False,
) -> int:
    """Check training texts against evaluation sets and refuse when any has leaked.

    evaluations: (name or path, data), as `evaluation_texts` takes them.
    report: JSON lines to write, one leak each with its text's number; empty when there is none.
    allow: go on all the same. Returns how many texts leaked. Raises LeaksFound when any has,
    unless `allow`.
    """
    origin: dict[str, str] = {}
    for name, data in evaluations:
        for text in evaluation_texts(name, data):
            origin.setdefault(text, name)
    names = list(origin.values())
    by_set: Counter[str] = Counter()
    examples: list[str] = []
    total = len(texts) if isinstance(texts, Sized) else None
    with report.open("w", encoding="utf-8") as out, pace("Looking for leaks", total, "texts") as advance:
        for leak in find_leaks(_counted(texts, advance), origin):
            name = names[leak.evaluation_row]
            by_set[name] += 1
            if len(examples) < _SHOWN_LEAKS:
                examples.append(f"{leak.text[:60]!r} ({leak.how}, {name})")
            out.write(json.dumps({"set": name, **asdict(leak)}, ensure_ascii=False) + "\n")
    leaks = by_set.total()
    if leaks and not allow:
        counts = ", ".join(f"{count:,} in {name}" for name, count in by_set.items())
        raise LeaksFound(
            f"{leaks:,} training texts stand in an evaluation set too ({counts}), such as {'; '.join(examples)}. "
            f"Remove them from the training data ({report} lists them all), or train all the same with --allow-leaks.",
            leaks=leaks,
            report=str(report),
        )
    return leaks


def _counted(texts: Iterable[str] | pa.ChunkedArray, advance: Callable[[int], None]) -> Iterator[str]:
    """Pass the texts on and move the bar every few thousand: once a text would take longer than the search."""
    count = 0
    for text in _strings(texts):
        yield text
        count += 1
        if count == _TEXTS_PER_STEP:
            advance(count)
            count = 0
    advance(count)
