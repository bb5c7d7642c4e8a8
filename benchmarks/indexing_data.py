"""What the indexing benchmarks index: sentences of XQuAD-R, or made passages of twelve languages."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from index.demo import demo_passages

__all__ = ["made_passages", "write_lines", "xquad_r_sentences"]

Row = dict[str, Any]


def made_passages(count: int, characters: int | None = None) -> Iterator[Row]:
    """Passages of twelve languages, each unlike the others.

    characters: how much of a demo passage each begins with; None takes it whole.
    """
    demo = demo_passages()
    for number in range(count):
        row = demo[number % len(demo)]
        text = f"{row['text'][:characters]} {number}"
        yield {"id": str(number), "text": text, "language": row["language"]}


def xquad_r_sentences(folder: Path, count: int | None = None) -> list[Row]:
    """Sentences of the files CODE.json in random but always the same order; count: so many, None takes all."""
    rows = [
        {"id": f"{path.stem}-{number}", "text": text, "language": path.stem}
        for path in sorted(folder.glob("*.json"))
        for number, text in enumerate(_sentences(json.loads(path.read_text(encoding="utf-8"))))
        if text.strip()
    ]
    random.Random(0).shuffle(rows)
    return rows[:count]


def _sentences(document: Any) -> Iterator[str]:
    for article in document["data"]:
        for paragraph in article["paragraphs"]:
            yield from paragraph["sentences"]


def write_lines(file: Path, rows: Iterable[Row]) -> Path:
    """Write rows as JSON lines."""
    with file.open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return file
