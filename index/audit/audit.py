"""An audit from beginning to end: encode once, ask under every rule, measure, compare, recommend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np

from index.audit import DEPTH
from index.audit.asking import Asked, Row, ask, rows_of
from index.audit.estimates import estimates
from index.audit.measuring import hit_shares, measured
from index.audit.questions import ParallelQuestion, require_parallel
from index.audit.result import Audit, RuleResult
from index.audit.side_by_side import worst_of
from index.audit.telling import sentence
from index.audit.weighing import RAW, axes, mark_best, recommend
from index.bias.baseline import Baseline
from index.collection import Collection
from index.encoder import Embedded
from index.errors import InvalidInput
from index.merging import RULES, SCORE, Merge, parse_merge
from index.question import MAX_HITS

__all__ = ["audit", "baseline_of"]

_WORST = 10

Progress = Callable[[str, int, int], None]
"""Told a rule's name, rows answered and rows in all."""


def audit(
    collection: Collection,
    questions: Sequence[ParallelQuestion],
    rules: Sequence[Merge] | None = None,
    depth: int = DEPTH,
    progress: Progress | None = None,
) -> Audit:
    """Ask a collection parallel questions in every language under every rule, and weigh what comes back.

    rules: None for all that need no choice of the caller's; raw score is always among them. progress: told about
    each step. Raises InvalidInput when no question stands in two languages, the collection is empty or depth is out
    of range.
    """
    require_parallel(questions)
    pool = collection.counts()
    if not pool:
        raise InvalidInput(f"Collection {collection.name!r} is empty; there is nothing to audit.")
    if not 10 <= depth <= MAX_HITS:
        raise InvalidInput(f"depth is {depth}; it must be from 10 to {MAX_HITS}.", depth=depth, limit=MAX_HITS)
    rows = rows_of(questions)
    embedded = collection.encoder.embed([row.text for row in rows], "query")
    chosen = _with_raw(_all_rules() if rules is None else rules)
    answers = {
        merge.rule: ask(collection, rows, embedded, depth, merge, _counted(progress, merge.rule, len(rows)))
        for merge in chosen
    }
    results = _results(questions, rows, answers, pool, depth)
    relevance, evenness = axes(results)
    asking, offsets = _offsets(collection, rows, embedded, list(pool))
    found = Audit(
        collection=collection.name,
        encoder=collection.encoder.name,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        questions=len(questions),
        asked=len(rows),
        depth=depth,
        with_relevant=sum(question.relevant is not None for question in questions),
        query_languages=asking,
        asked_by_language=dict(sorted(Counter(row.language for row in rows).items())),
        pool=pool,
        offsets=offsets,
        rules=mark_best(results, relevance, evenness),
        relevance=relevance,
        evenness=evenness,
        recommendation=recommend(results, relevance, evenness),
        sentence="",
        worst=worst_of(collection, questions, rows, answers[RAW], _WORST),
    )
    return found.model_copy(update={"sentence": sentence(found)})


def _all_rules() -> list[Merge]:
    """Every rule as it is by default; quotas are the caller's to choose."""
    return [parse_merge(name) for name in RULES if name != "quota"]


def _with_raw(rules: Sequence[Merge]) -> list[Merge]:
    return [SCORE, *(merge for merge in rules if merge.rule != RAW)]


def _counted(progress: Progress | None, rule: str, total: int) -> Callable[[int], None]:
    done = 0

    def count(answered: int) -> None:
        """Add the rows of one step and tell."""
        nonlocal done
        done += answered
        if progress is not None:
            progress(rule, done, total)

    return count


def _results(
    questions: Sequence[ParallelQuestion],
    rows: Sequence[Row],
    answers: dict[str, Asked],
    pool: dict[str, int],
    depth: int,
) -> list[RuleResult]:
    total = sum(pool.values())
    shares = {code: count / total for code, count in pool.items()}
    asking = sorted({row.language for row in rows})
    values = {rule: measured(questions, rows, asked, shares, depth) for rule, asked in answers.items()}
    return [
        RuleResult(
            rule=rule,
            measures=estimates(values[rule], None if rule == RAW else values[RAW]),
            hit_shares=_plain(hit_shares(rows, asked, asking, list(pool))),
        )
        for rule, asked in answers.items()
    ]


def _plain(matrix: np.ndarray) -> list[list[float | None]]:
    return [[None if np.isnan(value) else round(float(value), 4) for value in row] for row in matrix]


def baseline_of(found: Audit) -> Baseline:
    """The audit as what later searches are compared with."""
    asked = found.asked_by_language
    offsets = dict(zip(found.query_languages, found.offsets, strict=True))
    return Baseline(found.at, asked, {code: dict(zip(found.pool, row, strict=True)) for code, row in offsets.items()})


def _offsets(
    collection: Collection, rows: Sequence[Row], embedded: Embedded, pool: Sequence[str]
) -> tuple[list[str], list[list[float]]]:
    """Query languages, and for each the mean offset of every passage language."""
    means = collection.index.means().among(pool)
    found = means.offsets(embedded.vectors)[:, [means.languages.index(code) for code in pool]]
    asked = np.array([row.language for row in rows])
    asking = sorted(set(asked.tolist()))
    return asking, [[round(float(value), 5) for value in found[asked == code].mean(axis=0)] for code in asking]
