"""How often a report warns where bias was planted, and where none was.

    python -m benchmarks.planted        some minutes; prints the tables of docs/bias.md

Offsets are compared with the shifts planted, and with the same collection before it was shifted, whose passages happen
to be nearer or farther by themselves: the fewer of a language, the more. A biased answer is one of which three of ten
hits would not be there without the planted shift. Unbiased collections have no shift. In the last table languages
speak of different subjects and none is shifted: there a warning is wrong, and no single answer can always tell.
"""

from __future__ import annotations

from itertools import product
from typing import Annotated

import numpy as np
import typer

from tests.index.bias.planted import plant, recovered, shares_of, warned

LANGUAGES = (5, 12, 50)
SHIFTS = (0.02, 0.04, 0.06, 0.09, 0.12, 0.16, 0.2)
BIASED = 0.3
"""Share of the hits that the shift has brought in, from which on an answer counts as biased."""

PLACES = {
    "60 % language ahead": ("one large", 0, 1),
    "60 % language behind": ("one large", 0, -1),
    "second largest of Zipf shares ahead": ("zipf", 1, 1),
    "smallest of Zipf shares ahead": ("zipf", -1, 1),
    "one of equal shares ahead": ("equal", 0, 1),
    "0.1 % language ahead": ("one large", -1, 1),
}


def main(
    passages: Annotated[int, typer.Option(help="Passages in each collection.")] = 20_000,
    queries: Annotated[int, typer.Option(help="Queries to each.")] = 60,
) -> None:
    """Print the tables in Markdown."""
    _offsets(passages, queries)
    for k in (5, 10, 20):
        _warnings(passages, queries, k)
    _subjects(passages, queries)


def _offsets(passages: int, queries: int) -> None:
    print("\n| shifted | languages | planted spread | error | error of the shift alone | smallest language |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for (name, (kind, place, sign)), languages in product(PLACES.items(), LANGUAGES):
        shares, shift = shares_of(languages, kind), {place % languages: sign * 0.12}
        made, before = (plant(shares, planted, passages, queries, seed=languages) for planted in (shift, None))
        errors = f"{recovered(made):.1%} | {recovered(made, before):.2%}"
        print(f"| {name} | {languages} | {np.ptp(made.offsets):.3f} | {errors} | {made.counts.min()} |")


def _warnings(passages: int, queries: int, k: int) -> None:
    print(f"\n| first {k} hits | biased answers | warned |\n| --- | ---: | ---: |")
    for name, (kind, place, sign) in PLACES.items():
        told = []
        for languages, shift in product(LANGUAGES, SHIFTS):
            made = plant(shares_of(languages, kind), {place % languages: sign * shift}, passages, queries, seed=k)
            told.append(warned(made.reports(k))[made.displaced(k) >= BIASED * k])
        rows = np.concatenate(told)
        print(f"| {name} | {len(rows):,} | {f'{rows.mean():.1%}' if len(rows) else 'none'} |", flush=True)
    rows = np.concatenate(
        [
            warned(plant(shares_of(languages, kind), None, passages, queries, seed=seed).reports(k))
            for languages, kind, seed in product(LANGUAGES, ("equal", "zipf", "one large"), range(3))
        ]
    )
    print(f"| no shift | 0 of {len(rows):,} | {rows.mean():.1%} |")


def _subjects(passages: int, queries: int) -> None:
    print("\n| concentration | " + " | ".join(f"{n} languages" for n in LANGUAGES) + " |")
    print("| ---: |" + " ---: |" * len(LANGUAGES))
    for subjects in (10.0, 3.0, 1.0, 0.3, 0.1):
        rates = [
            np.concatenate(
                [
                    warned(plant(shares_of(n, "zipf"), None, passages, queries, subjects, seed).reports(10))
                    for seed in range(2)
                ]
            ).mean()
            for n in LANGUAGES
        ]
        print(f"| {subjects:g} | " + " | ".join(f"{rate:.1%}" for rate in rates) + " |")


if __name__ == "__main__":
    typer.run(main)
