"""Recall of searches in several languages at once, for which the index infers how hard to look.

    python -m benchmarks.index_languages --size 1000000

What is promised is measured for single languages and for all together; between them `index/local/effort.py` reads off a
line. Here random choices of two to four languages, with 5 to 50 % of the vectors, are searched in what
`python -m benchmarks.index` has built, and compared with the exact ten nearest.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks.index_data import Data, K, Scenario, made
from benchmarks.index_isoglot import Isoglot

QUERIES = 100


def main(
    size: Annotated[int, typer.Option(help="Made vectors, as they were built.")] = 1_000_000,
    dim: Annotated[int, typer.Option(help="Their dimension.")] = 384,
    choices: Annotated[int, typer.Option(help="Choices of languages.")] = 10,
    work: Annotated[Path, typer.Option(help="Where `benchmarks.index` keeps data and indexes.")] = Path(".bench-index"),
) -> None:
    """Print the recall of each choice, and the least."""
    data, isoglot, rng = made(work, size, dim, 1000), Isoglot(), np.random.default_rng(7)
    isoglot.build(data, work / f"built-{data.folder.name}")
    shares = np.bincount(data.languages, minlength=len(data.codes)) / len(data.vectors)
    recalls: list[float] = []
    while len(recalls) < choices:
        chosen = np.sort(rng.choice(len(data.codes), rng.integers(2, 5), replace=False))
        if 0.05 < shares[chosen].sum() < 0.5:
            codes = tuple(data.codes[place] for place in chosen)
            recalls.append(_recall(isoglot, data, codes, data.queries[rng.permutation(len(data.queries))[:QUERIES]]))
            print(f"{shares[chosen].sum():5.1%}  {recalls[-1]:.3f}  {' '.join(codes)}", flush=True)
    isoglot.index.close()
    print(f"least {min(recalls):.3f}")


def _recall(isoglot: Isoglot, data: Data, codes: tuple[str, ...], queries: np.ndarray) -> float:
    """Share of the exact ten nearest in some languages that are found; queries: (n, dim)."""
    scenario = Scenario("some languages", codes)
    allowed = data.allowed(scenario)
    among = data.vectors[allowed]
    floor = np.array([np.partition(among @ query, -K)[-K] for query in queries])
    answers = [isoglot.search(query, scenario, None) for query in queries]
    return data.recall(queries, answers, floor, np.isin(np.arange(len(data.vectors)), allowed))


if __name__ == "__main__":
    typer.run(main)
