"""Evaluation sets: one file each, all yielding a `Benchmark`; `BENCHMARKS` has what is known of each.

Used from outside, beside `__all__`: `base` (where `Benchmark` comes from), `codes` (languages as the sets write them).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from index.errors import InvalidInput
from index.languages import language_codes
from training.benchmarks.base import Benchmark
from training.benchmarks.beir import BEIR
from training.benchmarks.belebele import BELEBELE
from training.benchmarks.demo import DEMO
from training.benchmarks.lareqa import MLQA_R, XQUAD_R
from training.benchmarks.mintaka import MINTAKA
from training.benchmarks.miracl import MIRACL
from training.benchmarks.mkqa import MKQA
from training.benchmarks.neuclir import NEUCLIR
from training.benchmarks.record import BenchmarkRecord
from training.benchmarks.squad_paragraphs import MLQA, XQUAD
from training.benchmarks.subset import keep_languages
from training.benchmarks.tatoeba import TATOEBA_FROM_ENGLISH, TATOEBA_TO_ENGLISH

__all__ = ["BENCHMARKS", "Benchmark", "BenchmarkRecord", "keep_languages", "load_benchmark", "parse_benchmark"]

BENCHMARKS: dict[str, BenchmarkRecord] = {
    record.name: record
    for record in (
        DEMO, XQUAD_R, MLQA_R, XQUAD, MLQA, BELEBELE, MINTAKA, MKQA, TATOEBA_TO_ENGLISH, TATOEBA_FROM_ENGLISH,
        MIRACL, NEUCLIR, BEIR,
    )
}  # fmt: skip
"""All benchmarks by name."""


def load_benchmark(name: str, data: str | Path | None = None, languages: Sequence[str] = ()) -> Benchmark:
    """Load a benchmark by name.

    data: its folder, file or URL, as its record says; None takes the record's source.
    languages: keep only these languages' queries and passages, BCP 47; none for all.
    Raises InvalidInput for another name, for data that is needed and not given or given and not taken, and
    for sets that cannot be judged; UnknownLanguage; NotFound; errors of the network as `local_folder` does.
    """
    record = BENCHMARKS.get(name)
    if record is None:
        raise InvalidInput(f"There is no benchmark {name!r}; choose from {', '.join(BENCHMARKS)}.", given=name)
    if record.data is None and data is not None:
        raise InvalidInput(f"Benchmark {name} comes with the project and takes no --data; got {data}.", given=str(data))
    if record.needs_data and data is None:
        raise InvalidInput(f"Benchmark {name} needs its files: give {record.data} with --data.", given=name)
    wanted = language_codes(languages)
    benchmark = record.load(str(record.source if data is None else data), wanted)
    return keep_languages(benchmark, wanted) if wanted else benchmark


def parse_benchmark(given: str) -> tuple[str, str | None]:
    """Split "NAME=DATA" into name and data; "NAME" alone has no data.

    >>> parse_benchmark("xquad-r=https://example.org/xquad-r"), parse_benchmark("demo")
    (('xquad-r', 'https://example.org/xquad-r'), ('demo', None))

    Whether there is such a benchmark is not checked here. Raises InvalidInput when either side is blank.
    """
    name, equals, data = given.partition("=")
    if not name or (equals and not data):
        raise InvalidInput(f"{given!r} should be NAME or NAME=DATA, such as xquad-r=data/xquad-r.", given=given)
    return name, data if equals else None
