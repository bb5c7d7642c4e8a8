"""What searching by words adds to searching by vectors, and which way of joining them costs least.

    python -m benchmarks.hybrid --xquad-r XQUAD-R --page docs/hybrid.md

Every rule is judged on the demo set and, where LAReQA's XQuAD-R files are given, on one half of its questions: a
question with all its translations belongs to the half that a hash of its id says. Constants were chosen on the demo
set and the other half (`--half choosing`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from benchmarks.hybrid_rules import RULES, Pool
from benchmarks.hybrid_words import Words
from index.encoder import Encoder
from training.benchmarks.base import Benchmark
from training.benchmarks.demo import load_demo
from training.benchmarks.lareqa import XQUAD_R
from training.bias import MEASURES
from training.judging.comparison import Comparison, compare
from training.judging.estimates import Estimate
from training.judging.judgement import Judgement
from training.judging.rankings import Rankings
from training.judging.relevance import relevance
from training.judging.scorers import VectorScorer

Half = Literal["choosing", "reporting", "both"]

_COLUMNS = [
    ("monolingual", "mAP"),
    ("cross-lingual", "mAP"),
    ("multilingual", "mAP"),
    ("multilingual", "nDCG@10"),
    ("bias", "rank_distance"),
]
_QUERIES_AT_ONCE = 300


def main(
    xquad_r: Annotated[Path | None, typer.Option(help="Folder of LAReQA's XQuAD-R files.")] = None,
    encoder: Annotated[str, typer.Option(help="Encoder folder or bundled name.")] = "isoglot-static",
    half: Annotated[Half, typer.Option(help="Half of XQuAD-R's questions.")] = "reporting",
    page: Annotated[Path | None, typer.Option(help="Markdown file whose tables are written anew.")] = None,
) -> None:
    """Judge every rule and print a table for each set."""
    loaded = Encoder(encoder)
    sets = [load_demo()]
    if xquad_r is not None:
        sets.append(halved(XQUAD_R.load(xquad_r, []), half))
    tables = "\n\n".join(table(compare(judged(benchmark, loaded)), encoder) for benchmark in sets)
    print(tables)
    if page is not None:
        text = page.read_text(encoding="utf-8")
        pattern = re.compile(r"(<!-- hybrid -->\n).*?(<!-- /hybrid -->)", re.DOTALL)
        page.write_text(pattern.sub(lambda match: f"{match[1]}{tables}\n{match[2]}", text), encoding="utf-8")


def halved(benchmark: Benchmark, half: Half) -> Benchmark:
    """The benchmark with the queries of one half of its questions."""
    groups = benchmark.query_groups or benchmark.query_ids
    sides = [hashlib.sha256(group.encode()).digest()[-1] % 2 for group in groups]
    kept = [n for n, side in enumerate(sides) if half == "both" or (side == 0) == (half == "choosing")]
    return replace(
        benchmark,
        query_ids=[benchmark.query_ids[n] for n in kept],
        queries=[benchmark.queries[n] for n in kept],
        query_languages=[benchmark.query_languages[n] for n in kept],
        golds=[benchmark.golds[n] for n in kept],
        query_groups=[groups[n] for n in kept],
    )


def judged(benchmark: Benchmark, encoder: Encoder) -> list[Judgement]:
    """Every rule's measures, the vectors alone first."""
    scorer = VectorScorer(encoder.encode(benchmark.queries, "query"), encoder.encode(benchmark.passages, "passage"))
    lengths = [len(gold) for gold in benchmark.golds]
    owners, golds = np.repeat(np.arange(len(lengths)), lengths), np.concatenate(benchmark.golds)
    in_pool, in_language = ({name: np.zeros(len(golds), dtype=np.int64) for name in RULES} for _ in range(2))
    steps = -(-len(lengths) // _QUERIES_AT_ONCE)
    for rows, pool in track(_pools(benchmark, scorer), "Judging", steps, console=Console(stderr=True)):
        entries = np.flatnonzero(np.isin(owners, rows))
        at = np.searchsorted(rows, owners[entries])
        for name, rule in RULES.items():
            in_pool[name][entries] = _ranks(rule(pool), at, golds[entries])
            for code in np.unique(pool.codes):
                columns = np.flatnonzero(pool.codes == code)
                mine = pool.codes[golds[entries]] == code
                places = np.searchsorted(columns, golds[entries][mine])
                in_language[name][entries[mine]] = _ranks(rule(pool.only(columns)), at[mine], places)
    return [_judgement(name, benchmark, scorer, owners, golds, in_pool[name], in_language[name]) for name in RULES]


def _pools(benchmark: Benchmark, scorer: VectorScorer) -> Iterator[tuple[np.ndarray, Pool]]:
    """Some queries at a time with all passages."""
    codes, languages = benchmark.passage_codes(), benchmark.languages
    columns = [np.flatnonzero(codes == code) for code in range(len(languages))]
    cut = [
        Words.of([benchmark.passages[n] for n in found], code) for code, found in zip(languages, columns, strict=True)
    ]
    for start in range(0, len(benchmark.queries), _QUERIES_AT_ONCE):
        rows = np.arange(start, min(start + _QUERIES_AT_ONCE, len(benchmark.queries)))
        texts = [benchmark.queries[row] for row in rows]
        words, reach = np.zeros((len(rows), benchmark.size), dtype=np.float32), np.zeros((len(rows), len(languages)))
        for code, found in enumerate(columns):
            words[:, found], reach[:, code] = cut[code].score(texts)
        own = np.array([[code == benchmark.query_languages[row] for code in languages] for row in rows])
        yield rows, Pool(scorer.block(rows, np.arange(benchmark.size)), words, reach, codes, own)


def _ranks(scores: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Ranks of single passages, equal scores counting against them."""
    return np.array([(scores[row] >= scores[row, column]).sum() for row, column in zip(rows, columns, strict=True)])


def _judgement(
    name: str,
    benchmark: Benchmark,
    scorer: VectorScorer,
    owners: np.ndarray,
    golds: np.ndarray,
    in_pool: np.ndarray,
    in_language: np.ndarray,
) -> Judgement:
    languages, none = benchmark.passage_codes()[golds], np.empty((len(benchmark.queries), 0))
    counts = np.zeros((2, len(golds)), dtype=np.int64)
    for mine in np.split(np.arange(len(owners)), np.flatnonzero(np.diff(owners)) + 1):
        same = languages[mine][:, None] == languages[mine]
        counts[0, mine] = (in_pool[mine][:, None] >= in_pool[mine]).sum(axis=1)
        counts[1, mine] = ((in_language[mine][:, None] >= in_language[mine]) & same).sum(axis=1)
    rankings = Rankings(
        owners, golds, languages, np.ones(len(golds), dtype=np.int64), np.maximum(in_pool, counts[0]),
        np.maximum(in_language, counts[1]), counts[0], counts[1], none, none, none, scorer,
    )  # fmt: skip
    pairs, pooled = relevance(benchmark, rankings)
    bias = {"rank_distance": MEASURES["rank_distance"].compute(benchmark, rankings)}
    return Judgement(name, benchmark, pairs, pooled, bias, {})


def table(comparison: Comparison, encoder: str) -> str:
    """A Markdown table of the rules; a star where one differs from the vectors alone by more than chance."""
    lines = [
        f"**{comparison.benchmark}**, `{encoder}`: {comparison.n_queries:,} queries ({comparison.n_groups:,} "
        f"questions), {comparison.n_passages:,} passages.\n",
        "| rule | monolingual mAP | cross-lingual mAP | pooled mAP | pooled nDCG@10 | rank distance |",
        "|---|---|---|---|---|---|",
    ]
    figures = [comparison.figure(setting, measure) for setting, measure in _COLUMNS]
    for place, name in enumerate(comparison.encoders):
        cells = [_cell(figure.overall[place], figure.measure) for figure in figures if figure is not None]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(estimate: Estimate, measure: str) -> str:
    shown = f"{estimate.value:,.0f}" if measure == "rank_distance" else f"{estimate.value:.4f}".lstrip("0")
    p = estimate.p_corrected
    return shown + ("" if p is None or p >= 0.05 else " *")


if __name__ == "__main__":
    typer.run(main)
