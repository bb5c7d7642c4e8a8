"""What searching by words costs beside FTS5 by hand and beside the vectors, interleaved in one run.

    python -m benchmarks.lexical --passages 100000

Passages are sentences of the demo set with twenty made words each, drawn from 50,000 a language as words of a text are
(Zipf's law); questions are those of the demo set with two of the made words. Vectors are those of the sentences with
noise, so that they stand in groups as those of texts do. FTS5 by hand holds the same texts in one table with its own
tokenizer, and is asked for the ten best of the question's words. Times are processor time of the thread that asks,
which other work on the machine changes little.
"""

from __future__ import annotations

import random
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from index.collection import Collection
from index.demo import demo_passages, demo_questions
from index.encoder import Embedded, Encoder
from index.lexical.tokens import tokens
from index.passages import Passage
from index.question import Question

WORDS, AT_ONCE, SOME = 50_000, 1_000, 5_000
LETTERS = "abcdefghijklmnop"


class Made(NamedTuple):
    """Passages and their vectors, (n, dim) float32, L2-normalised."""

    passages: list[Passage]
    vectors: np.ndarray


def main(
    passages: Annotated[int, typer.Option(help="Passages in the collection.")] = 100_000,
    questions: Annotated[int, typer.Option(help="Questions asked of each contender.")] = 300,
    encoder: Annotated[str, typer.Option(help="Encoder folder or bundled name.")] = "isoglot-static",
) -> None:
    """Print what building takes, and the median time of a question by contender."""
    dice = np.random.default_rng(0)
    loaded = Encoder(encoder, threads=1)
    made, asked = _passages(passages, dice, loaded), _questions(questions, dice)
    with tempfile.TemporaryDirectory() as folder:
        collection = Collection.open(Path(folder) / "c", loaded)
        _fill(collection, made)
        raw = _raw(Path(folder) / "raw.db", [passage.text for passage in made.passages])
        _measure(collection, raw, asked, loaded)
        collection.close()


def _passages(count: int, dice: np.random.Generator, encoder: Encoder) -> Made:
    rows = demo_passages()
    parts = [(row["language"], row["text"].replace("。", "。.").split(".")) for row in rows]
    sentences = [(code, part.strip()) for code, found in parts for part in found if part.strip()]
    filling = _words(count * 20, dice).reshape(count, 20)
    drawn = dice.integers(0, len(sentences), count)
    chosen = [sentences[n] for n in drawn]
    passages = [
        Passage(str(n), f"{text} {' '.join(map(_spelled, words))}", code)
        for n, ((code, text), words) in enumerate(zip(chosen, filling.tolist(), strict=True))
    ]
    vectors = encoder.encode([text for _, text in sentences], "passage")[drawn]
    vectors += 0.5 / np.sqrt(vectors.shape[1]) * dice.standard_normal(vectors.shape, dtype=np.float32)
    return Made(passages, vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _questions(count: int, dice: np.random.Generator) -> list[tuple[str, str]]:
    """(language, question)."""
    pairs = [(code, text) for row in demo_questions() for code, text in row["questions"].items()]
    words = dice.integers(500, WORDS, (count, 2)).tolist()
    return [
        (pairs[n][0], f"{pairs[n][1]} {' '.join(map(_spelled, extra))}")
        for n, extra in zip(dice.integers(0, len(pairs), count), words, strict=True)
    ]


def _words(count: int, dice: np.random.Generator) -> np.ndarray:
    weights = 1 / np.arange(1, WORDS + 1)
    return dice.choice(WORDS, count, p=weights / weights.sum())


def _spelled(number: int) -> str:
    """A word of its own, in letters."""
    return "q" + "".join(LETTERS[(number >> shift) & 15] for shift in (0, 4, 8, 12))


def _fill(collection: Collection, made: Made) -> None:
    some = min(SOME, len(made.passages))
    started = time.thread_time()
    with collection.bulk():
        for start in range(0, len(made.passages), AT_ONCE):
            _store(collection, made, start)
    filled, before = time.thread_time() - started, _bytes(collection)
    started = time.thread_time()
    collection.index.lexical.switch(True)
    collection.index.lexical.build()
    built, after = time.thread_time() - started, _bytes(collection)
    started = time.thread_time()
    for start in range(0, some, AT_ONCE):
        _store(collection, made, start)
    again = time.thread_time() - started
    collection.index.lexical.switch(False)
    started = time.thread_time()
    for start in range(0, some, AT_ONCE):
        _store(collection, made, start)
    plain = time.thread_time() - started
    collection.index.lexical.switch(True)
    collection.index.lexical.build()
    print(
        f"{len(made.passages):,} passages stored in {filled:.1f} s; words taken in in {built:.1f} s, "
        f"{(after - before) / 1e6:.0f} MB beside {before / 1e6:.0f} MB. Replacing {some:,} passages: {plain:.2f} s "
        f"without words, {again:.2f} s with ({again / plain:.2f})."
    )


def _store(collection: Collection, made: Made, start: int) -> None:
    passages, vectors = made.passages[start : start + AT_ONCE], made.vectors[start : start + AT_ONCE]
    collection.upsert(passages, Embedded(vectors, np.zeros(len(passages), int), np.zeros(len(passages), bool)))


def _bytes(collection: Collection) -> int:
    with sqlite3.connect(collection.index.store.path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return Path(collection.index.store.path).stat().st_size


def _raw(path: Path, texts: list[str]) -> sqlite3.Connection:
    """FTS5 by hand: one table, its own tokenizer."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE VIRTUAL TABLE raw USING fts5 (text)")
    connection.executemany("INSERT INTO raw VALUES (?)", [(text,) for text in texts])
    connection.commit()
    return connection


def _measure(
    collection: Collection, raw: sqlite3.Connection, questions: list[tuple[str, str]], encoder: Encoder
) -> None:
    def by_hand(_: str, text: str) -> object:
        """The ten best of one table."""
        asked = " OR ".join(f'"{word}"' for word in dict.fromkeys(tokens(text)))
        statement = "SELECT rowid, text FROM raw WHERE raw MATCH ? ORDER BY rank LIMIT 10"
        return raw.execute(statement, (asked,)).fetchall()

    def ours(mode: str, is_own: bool) -> Callable[[str, str], object]:
        """A search of all languages, or of the question's alone."""

        def ask(code: str, text: str) -> object:
            """The ten best."""
            languages = [code] if is_own else None
            embedded = vectors[text]
            collection.index.lexical._rarity = (collection.index.state.view, {})  # nobody has asked for these words
            return collection.answer([Question(text, 10, languages, code, mode=mode)], embedded)

        return ask

    vectors = {text: encoder.embed([text], "query") for _, text in questions}
    contenders = {
        "FTS5 by hand": by_hand,
        "lexical, one language": ours("lexical", True),
        "lexical, all languages": ours("lexical", False),
        "dense, one language": ours("dense", True),
        "dense, all languages": ours("dense", False),
        "hybrid, one language": ours("hybrid", True),
        "hybrid, all languages": ours("hybrid", False),
    }
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for code, text in questions:
        for name in random.sample(sorted(contenders), len(contenders)):
            started = time.thread_time()
            contenders[name](code, text)
            times[name].append(time.thread_time() - started)
    _show(times)


def _show(times: dict[str, list[float]]) -> None:
    base = np.median(times["FTS5 by hand"])
    table = Table(title="one question at a time, its vector known", title_justify="left")
    for heading in ("contender", "p50 ms", "p95 ms", "of FTS5 by hand"):
        table.add_column(heading, justify="left" if heading == "contender" else "right")
    for name, taken in times.items():
        p50, p95 = np.quantile(taken, [0.5, 0.95])
        table.add_row(name, f"{p50 * 1e3:.2f}", f"{p95 * 1e3:.2f}", f"{p50 / base:.2f}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
