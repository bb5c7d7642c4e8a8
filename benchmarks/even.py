"""Every merge rule judged: relevance in one language, across and in one pool, and how evenly the pool is ranked.

    python -m benchmarks.even --benchmark demo --out docs/merging.md
    python -m benchmarks.even --benchmark xquad-r=DIR --questions 100 --half second --out docs/merging.md

A rule orders the whole pool for every query, and each difference from raw scores is tested (questions with all their
translations flipped together; Holm over the table). Corrections are fitted from the pool's own passages, nothing from
queries or relevance. "complete" is the share of queries with every relevant passage among the first hits, twice as many
hits as there are such passages (Comp@k of arXiv 2604.05684 with k = 22 on XQuAD-R, which has eleven for each query, so
that Comp@10 is 0). NDKL is that of the first ten hits, which never is 0.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from scipy.special import rel_entr

from index.merging import parse_merge
from training.benchmarks import load_benchmark, parse_benchmark
from training.benchmarks.base import Benchmark
from training.bias import MEASURES
from training.judging.encodings import default_cache, encode_cached, encoder_hash
from training.judging.judgement import pair_means
from training.judging.merging import MergedScorer, statistics_of
from training.judging.rankings import Rankings, rank
from training.judging.relevance import relevance
from training.judging.scorers import VectorScorer
from training.judging.significance import contributions, holm, macro_means, randomisation_test
from training.text_encoder import load_text_encoder

RULES: dict[str, object] = {
    "`score` (raw)": "score",
    "`centred`": "centred",
    "`centred`, query side too": {"rule": "centred", "query_side": True},
    "`standardised`": "standardised",
    "`standardised`, tail 3": {"rule": "standardised", "tail": 3},
    "`standardised`, tail 4": {"rule": "standardised", "tail": 4},
    "`lir`": "lir",
    "`lir`, passages only": {"rule": "lir", "query_side": False},
    "`lir`, 2 directions": {"rule": "lir", "directions": 2},
    "`lir`, 3 directions": {"rule": "lir", "directions": 3},
    "`lir`, 4 directions": {"rule": "lir", "directions": 4},
    "`shift`, 0.6": "shift",
    "`shift`, 1.0 to English": {"rule": "shift", "strength": 1, "reference": "en"},
    "`round-robin`": "round-robin",
    "`proportional`": "proportional",
    "`reserved`": "reserved",
}
FIGURES = ("mono mAP", "cross mAP", "pooled mAP", "rank distance", "complete", "NDKL@10")


def main(
    benchmark: Annotated[str, typer.Option(help="demo, or NAME=DATA, as `isoglot evaluate` takes it.")] = "demo",
    encoder: Annotated[str, typer.Option(help="Encoder, by the names `isoglot evaluate` takes.")] = "isoglot-static",
    questions: Annotated[int, typer.Option(help="Questions taken, drawn at random; 0 takes all.")] = 0,
    half: Annotated[str, typer.Option(help="Draw from the first half of the questions, the second or both.")] = "both",
    out: Annotated[Path | None, typer.Option(help="Page with a place for the table; default: print it.")] = None,
) -> None:
    """Write a Markdown table."""
    name, data = parse_benchmark(benchmark)
    chosen = _drawn(load_benchmark(name, data, []), questions, half)
    loaded, key = load_text_encoder(encoder), encoder_hash(encoder)
    cache = default_cache()
    vectors = VectorScorer(
        encode_cached(loaded, key, chosen.queries, "query", cache),
        np.array(encode_cached(loaded, key, list(chosen.passages), "passage", cache)),
    )
    statistics = statistics_of(chosen, vectors.passage_vectors)
    values = {}
    for label, given in RULES.items():
        scorer = MergedScorer(chosen, vectors, parse_merge(given), statistics)  # type: ignore[arg-type]
        values[label] = _judged(chosen, rank(chosen, scorer, 10))
    table = _table(chosen, values, f"{name}, {encoder}, {len(set(chosen.query_groups or ())):,} questions ({half})")
    if out is None:
        print(table)
    else:
        _put(table, out, name)


def _put(table: str, page: Path, name: str) -> None:
    """Put the table in its place on a page, between `<!-- NAME -->` and `<!-- end of NAME -->`."""
    before, start, rest = page.read_text(encoding="utf-8").partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition(f"<!-- end of {name} -->\n")
    if not start or not end:
        raise typer.BadParameter(f"{page} has no place for {name}: <!-- {name} --> and <!-- end of {name} -->")
    page.write_text(before + start + table + end + after, encoding="utf-8")


def _drawn(benchmark: Benchmark, count: int, half: str) -> Benchmark:
    """The benchmark with some of its questions and all of its passages."""
    groups = benchmark.group_codes()
    order = np.random.default_rng(9).permutation(groups.max() + 1)
    parts = {"first": order[: len(order) // 2], "second": order[len(order) // 2 :], "both": order}
    chosen = parts[half][: count or None]
    rows = np.flatnonzero(np.isin(groups, chosen)).tolist()
    names = ("query_ids", "queries", "query_languages", "golds", "query_groups")
    kept = {name: [getattr(benchmark, name)[row] for row in rows] for name in names if getattr(benchmark, name)}
    return dataclasses.replace(benchmark, **kept)


def _judged(benchmark: Benchmark, rankings: Rankings) -> dict[str, np.ndarray]:
    """Figure → values of every query in every pool, NaN where they do not count."""
    pairs, pooled = relevance(benchmark, rankings)
    is_own = benchmark.query_codes()[:, None] == np.arange(len(benchmark.languages))
    rank_distance = MEASURES["rank_distance"].compute(benchmark, rankings)
    worst = np.zeros(len(benchmark.queries), dtype=np.int64)
    np.maximum.at(worst, rankings.queries, rankings.rank_in_pool)
    counts = np.array([len(gold) for gold in benchmark.golds])
    return {
        "mono mAP": np.where(is_own, pairs["mAP"], np.nan),
        "cross mAP": np.where(is_own, np.nan, pairs["mAP"]),
        "pooled mAP": pooled["mAP"][:, None],
        "rank distance": rank_distance[:, None],
        "complete": (worst <= np.maximum(10, 2 * counts))[:, None].astype(float),
        "NDKL@10": _ndkl(benchmark, rankings.top)[:, None],
    }


def _ndkl(benchmark: Benchmark, top: np.ndarray) -> np.ndarray:
    """NDKL of the first ten, as `training/bias/ndkl.py` has it of a hundred."""
    codes, n_languages = benchmark.passage_codes(), len(benchmark.languages)
    pool = np.bincount(codes, minlength=n_languages) / benchmark.size
    counts = np.cumsum(np.eye(n_languages)[codes[top]], axis=1)
    places = np.arange(1, top.shape[1] + 1)
    divergences = rel_entr(counts / places[:, None], pool).sum(axis=2)
    return np.asarray((divergences / np.log2(places + 1)).sum(axis=1) / (1 / np.log2(places + 1)).sum())


def _table(benchmark: Benchmark, values: dict[str, dict[str, np.ndarray]], title: str) -> str:
    codes, groups = benchmark.query_codes(), benchmark.group_codes()
    raw = values["`score` (raw)"]
    means: dict[str, list[float]] = {}
    tests: list[float] = []
    for judged in values.values():
        for figure in FIGURES:
            averages = np.isfinite(pair_means(raw[figure], codes, len(benchmark.languages)))[:, :, None]
            means.setdefault(figure, []).append(float(macro_means(judged[figure], codes, averages)[0]))
            given = contributions(judged[figure] - raw[figure], codes, groups, averages)
            tests.append(float(randomisation_test(given)[0]))
    corrected = holm(np.where(np.arange(len(tests)) < len(FIGURES), np.nan, tests)).reshape(-1, len(FIGURES))
    lines = [f"{title}; bold where the difference from raw is significant (p < .05, Holm).", ""]
    lines += ["| rule | " + " | ".join(FIGURES) + " |", "|---|" + "---:|" * len(FIGURES)]
    for row, label in enumerate(values):
        cells = []
        for column, figure in enumerate(FIGURES):
            mean = means[figure][row]
            told = f"{mean:,.0f}" if figure == "rank distance" else f"{mean:.3f}".replace("0.", ".")
            if figure == "rank distance" and row:
                told += f" ({mean / means[figure][0] - 1:+.0%})"
            cells.append(f"**{told}**" if corrected[row, column] < 0.05 else told)
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    typer.run(main)
