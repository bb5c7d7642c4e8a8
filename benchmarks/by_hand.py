"""Which of the questions written by hand an encoder gets wrong on the demo passages, and what pulled it away.

    python -m benchmarks.by_hand        or        python -m benchmarks.by_hand my-encoder

20 questions in each of 12 languages against 576 passages, one per topic and language. With 20
questions one is 5 percent: read what went wrong rather than compare the counts of good encoders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from index.demo import by_hand_questions, demo_passages
from index.encoder import Encoder
from index.encoder_folder import DESCRIPTION, MODEL, TOKENIZER
from index.foreign_encoder import load_tokenizer
from index.graph import Graph
from index.passages import Passage
from index.text import clean

TOP = 10
OTHERS = 3

Explain = Callable[[str, np.ndarray, np.ndarray], list[tuple[str, float]]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one question ended.

    row: the question, as `by_hand_questions` gives it.
    order: (576,) passage numbers, best first. right: (576,) bool in that order, whether the topic is right.
    others: other languages with the right topic in the first ten. alone: whether the own-language
    passage comes first when only its language is searched.
    """

    row: dict[str, Any]
    order: np.ndarray
    right: np.ndarray
    others: int
    alone: bool

    @property
    def rank(self) -> int:
        """Rank of the first passage of the right topic, from 1."""
        return int(self.right.argmax()) + 1


def main(
    name: Annotated[str, typer.Argument(metavar="ENCODER", help="Encoder folder or bundled name.")] = "isoglot-static",
    pieces: Annotated[int, typer.Option(help="Pieces shown of each question that goes wrong.")] = 4,
) -> None:
    """Print what each language gets right, then every question that goes wrong."""
    encoder = Encoder(name, threads=1)
    rows, questions = demo_passages(), by_hand_questions()
    passages = encoder.encode(
        [Passage(r["id"], r["text"], r["language"], r["title"]).searchable for r in rows], "passage"
    )
    queries = encoder.encode([q["question"] for q in questions], "query")
    outcomes = [judge(q, rows, passages @ query) for q, query in zip(questions, queries, strict=True)]
    console = Console()
    console.print(_counts(encoder.name, outcomes))
    explain = leave_one_out(encoder) if (encoder.folder / DESCRIPTION).is_file() else None
    for outcome in outcomes:
        if outcome.rank > 1:
            console.print("\n".join(_story(outcome, rows, passages, explain, pieces)), highlight=False, soft_wrap=True)


def judge(question: dict[str, Any], rows: list[dict[str, Any]], scores: np.ndarray) -> Outcome:
    """Rank the passages for a question. scores: (576,) cosines in the passages' order."""
    order = np.argsort(-scores, kind="stable")
    languages = np.array([rows[n]["language"] for n in order])
    right = np.array([rows[n]["metadata"]["topic"] == question["topic"] for n in order])
    found = {*languages[:TOP][right[:TOP]]} - {question["language"]}
    own = right[languages == question["language"]]
    return Outcome(question, order, right, len(found), bool(own[0]))


def leave_one_out(encoder: Encoder) -> Explain:
    """How much of the wrong passage's lead over the right one hangs on each piece of a question.

    Every piece is left out once; by as much as the lead (difference of the two cosines) then
    shrinks, it had pulled. Pieces of the Latin reading, where the encoder adds one, count too.
    """
    tokenizer = load_tokenizer(encoder.folder / TOKENIZER)
    graph = Graph(encoder.folder / MODEL, encoder.description.pad_id, threads=1)

    def explain(question: str, wrong: np.ndarray, right: np.ndarray) -> list[tuple[str, float]]:
        """Pieces of a question and how much each pulled, strongest first."""
        text = encoder.description.query_prompt + clean(question)
        read = tokenizer.encode(encoder.description.reader(text))
        if len(read.ids) < 2:
            return []
        without = [read.ids[:n] + read.ids[n + 1 :] for n in range(len(read.ids))]
        leads = graph.run([read.ids, *without])[0] @ (wrong - right)
        return sorted(zip(read.tokens, (leads[0] - leads[1:]).tolist(), strict=True), key=lambda pull: -pull[1])

    return explain


def _counts(name: str, outcomes: list[Outcome]) -> Table:
    table = Table(title=f"{name}: {len(outcomes)} questions by hand", title_justify="left")
    for heading in ("", "of", "topic first", f"topic in {TOP}", f"in {OTHERS}+ others", "own language"):
        table.add_column(heading, justify="right" if heading else "left")
    for code in sorted({outcome.row["language"] for outcome in outcomes}):
        table.add_row(code, *_numbers([outcome for outcome in outcomes if outcome.row["language"] == code]))
    table.add_section()
    table.add_row("all", *_numbers(outcomes))
    return table


def _numbers(outcomes: list[Outcome]) -> Iterator[str]:
    yield str(len(outcomes))
    yield str(sum(outcome.rank == 1 for outcome in outcomes))
    yield str(sum(outcome.rank <= TOP for outcome in outcomes))
    yield str(sum(outcome.others >= OTHERS for outcome in outcomes))
    yield str(sum(outcome.alone for outcome in outcomes))


def _story(
    outcome: Outcome, rows: list[dict[str, Any]], passages: np.ndarray, explain: Explain | None, pieces: int
) -> Iterator[str]:
    """Lines on a question that went wrong: what came first, where the right topic came, what pulled."""
    first, best = outcome.order[0], outcome.order[outcome.rank - 1]
    yield f"\n[bold]{outcome.row['id']}[/bold] {escape(outcome.row['question'])}  [dim]({outcome.row['topic']})[/dim]"
    alone = "" if outcome.alone else "; wrong in its own language too"
    yield (
        f"   first: {rows[first]['language']} {escape(rows[first]['title'])}"
        f"   right topic: rank {outcome.rank} ({rows[best]['language']}){alone}"
    )
    pulls = explain(outcome.row["question"], passages[first], passages[best]) if explain else []
    strongest = [f"{escape(piece)} {pull:+.3f}" for piece, pull in pulls[:pieces] if pull > 0]
    if strongest:
        yield f"   [dim]pulled by: {'   '.join(strongest)}[/dim]"


if __name__ == "__main__":
    typer.run(main)
