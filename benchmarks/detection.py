"""How often language detection answers, and how often it errs, by confidence threshold.

    python -m benchmarks.detection TATOEBA

TATOEBA holds LASER's Tatoeba test pairs (`de-en.de`, `de-en.en`, …); whole sentences are
tried, and their first two words.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from index import languages


def main(
    folder: Annotated[Path, typer.Argument(help="Folder with Tatoeba pairs.")],
    most: Annotated[int, typer.Option(help="Sentences per language.")] = 500,
) -> None:
    """Print a table of thresholds."""
    languages.CONFIDENT = 0.0  # every guess, so that thresholds can be compared
    texts = [
        (path.suffix[1:], line)
        for path in sorted(folder.glob("*-en.*"))
        if path.suffix != ".en" or path.stem == "de-en"
        for line in path.read_text(encoding="utf-8").splitlines()[:most]
    ]
    table = Table(title=f"{len(texts):,} sentences, {len({code for code, _ in texts})} languages", title_justify="left")
    for heading in ("threshold", "answered", "wrong", "two words: answered", "wrong"):
        table.add_column(heading, justify="right")
    whole = [(code, languages.detect_language(text)) for code, text in texts]
    short = [(code, languages.detect_language(" ".join(text.split()[:2]))) for code, text in texts]
    for threshold in (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        table.add_row(f"{threshold:.1f}", *_row(whole, threshold), *_row(short, threshold))
    Console().print(table)


def _row(guesses: list[tuple[str, languages.DetectedLanguage]], threshold: float) -> tuple[str, str]:
    answered = [(code, guess) for code, guess in guesses if guess.confidence >= threshold]
    wrong = sum(code != guess.code for code, guess in answered)
    return f"{len(answered) / len(guesses):.1%}", f"{wrong / max(len(answered), 1):.1%}"


if __name__ == "__main__":
    typer.run(main)
