"""Time and memory of a whole judgement, against scikit-learn computing the same mAP alone.

    OMP_NUM_THREADS=2 python -m benchmarks.judging

Vectors are drawn at random in the shape of XQuAD-R (11 languages, 1,190 questions each, 13,014
passages), with one relevant passage per language near its question; no data is needed. Judging is
timed whole: ranking, relevance in three settings, every bias measure. scikit-learn is timed on some
of the queries, for the mAP of the same 12 pools and nothing else, and scaled up.
"""

from __future__ import annotations

import resource
from time import perf_counter
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from sklearn.metrics import average_precision_score

from training.benchmarks.base import Benchmark
from training.judging.evaluate import judge
from training.judging.judgement import Judgement
from training.judging.scorers import VectorScorer

SIZES = {
    "ar": 1222, "de": 1276, "el": 1234, "en": 1180, "es": 1215, "hi": 1244, "ru": 1219, "th": 852, "tr": 1167,
    "vi": 1209, "zh": 1196,
}  # fmt: skip
QUESTIONS = 1190


def main(
    dim: Annotated[int, typer.Option(help="Dimension of the vectors.")] = 384,
    sample: Annotated[int, typer.Option(help="Queries that scikit-learn judges.")] = 500,
) -> None:
    """Print both times, the peak of memory, and how far the two mAPs differ."""
    benchmark, scorer = drawn(dim)
    before = _peak()
    start = perf_counter()
    judged = judge("random", benchmark, scorer)
    ours, peak = perf_counter() - start, _peak()
    seconds, difference = reference(benchmark, scorer, judged, sample)
    theirs = seconds * len(benchmark.queries) / sample
    table = Table(title=f"{len(benchmark.queries):,} queries × {benchmark.size:,} passages", title_justify="left")
    for heading in ("what", "seconds", "peak MB"):
        table.add_column(heading, justify="right" if heading != "what" else "left")
    table.add_row("judge: everything", f"{ours:.1f}", f"{peak:,.0f} ({before:,.0f} before)")
    table.add_row(f"scikit-learn: mAP alone, from {sample:,} queries", f"{theirs:.1f}", "")
    Console().print(table)
    print(f"ratio {theirs / ours:.1f}; largest difference of an average precision {difference:.1e}")


def drawn(dim: int) -> tuple[Benchmark, VectorScorer]:
    """Questions and passages of 11 languages with their vectors."""
    rng = np.random.default_rng(0)
    languages = [code for code, size in SIZES.items() for _ in range(size)]
    passages = rng.normal(size=(len(languages), dim)).astype(np.float32)
    starts = np.cumsum([0, *SIZES.values()])[:-1]
    answers = np.stack(
        [start + rng.integers(0, size, QUESTIONS) for start, size in zip(starts, SIZES.values(), strict=True)]
    )
    meanings = rng.normal(size=(QUESTIONS, dim)).astype(np.float32)
    for column in answers:
        passages[column] += 0.5 * meanings
    queries = np.concatenate([0.5 * meanings + rng.normal(size=meanings.shape).astype(np.float32) for _ in SIZES])
    for vectors in (queries, passages):
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    benchmark = Benchmark(
        "random", [f"{q}.{code}" for code in SIZES for q in range(QUESTIONS)], [""] * len(queries),
        [code for code in SIZES for _ in range(QUESTIONS)], [""] * len(passages), languages,
        list(answers.T) * len(SIZES), query_groups=[str(q) for _ in SIZES for q in range(QUESTIONS)],
    )  # fmt: skip
    return benchmark, VectorScorer(queries, passages)


def reference(benchmark: Benchmark, scorer: VectorScorer, judged: Judgement, sample: int) -> tuple[float, float]:
    """Seconds scikit-learn takes for the mAP of some queries in all pools, and how far it is from ours."""
    numbers = np.linspace(0, len(benchmark.queries) - 1, sample).astype(int)
    codes, everything = benchmark.passage_codes(), np.arange(benchmark.size)
    pools = [codes == code for code in range(len(benchmark.languages))]
    difference, start = 0.0, perf_counter()
    for query, scores in zip(numbers, scorer.block(numbers, everything), strict=True):
        labels = np.isin(everything, benchmark.golds[query])
        found = [average_precision_score(labels[pool], scores[pool]) for pool in pools]
        pooled = average_precision_score(labels, scores)
        ours = np.append(judged.pairs["mAP"][query], judged.pooled["mAP"][query])
        difference = max(difference, float(np.abs(ours - [*found, pooled]).max()))
    return perf_counter() - start, difference


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


if __name__ == "__main__":
    typer.run(main)
