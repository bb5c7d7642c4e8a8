"""How the index benchmark measures: settings chosen on queries of their own, then all contenders asked in turn."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.index_data import Data, Scenario
from benchmarks.index_lines import Contender

TUNING_SECONDS = 5.0
ASKING_SECONDS = 10.0
# Settings are chosen for a little more, lest other queries fall a hair short.
MARGIN = 0.003
BURST = 5


@dataclass
class Asked:
    """What one contender did in one scenario."""

    setting: Any
    answers: list[np.ndarray] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def spent(self) -> float:
        """Seconds so far."""
        return sum(self.seconds)


def timed(contender: Contender, query: np.ndarray, scenario: Scenario, setting: Any, into: Asked) -> None:
    """Ask once and keep answer and time."""
    began = time.perf_counter()
    answer = contender.search(query, scenario, setting)
    into.seconds.append(time.perf_counter() - began)
    into.answers.append(answer)


def choose(contender: Contender, data: Data, scenario: Scenario, target: float, fits: np.ndarray | None) -> Any:
    """The fastest setting that reaches the recall on the tuning queries, else the one of best recall.

    A contender that uses up its seconds is judged by the queries it got to.
    """
    floor = data.floor(scenario, tuning=True)
    reached: list[tuple[float, Any]] = []
    best: tuple[float, Any] = (-1.0, None)
    for ladder in contender.ladders(scenario):
        if len(ladder) == 1 and len(contender.ladders(scenario)) == 1:
            return ladder[0]
        for setting in ladder:
            apply(contender, setting)
            asked = Asked(setting)
            for query in data.tuning:
                timed(contender, query, scenario, setting, asked)
                if asked.spent() > TUNING_SECONDS:
                    break
            count = len(asked.answers)
            recall = data.recall(data.tuning[:count], asked.answers, floor[:count], fits)
            best = max(best, (recall, setting), key=lambda pair: pair[0])
            if recall >= min(1.0, target + MARGIN):
                reached.append((float(np.median(asked.seconds)), setting))
                break
    return min(reached, key=lambda pair: pair[0])[1] if reached else best[1]


def apply(contender: Contender, setting: Any) -> None:
    """Some stores keep the setting in the collection rather than in the query."""
    if hasattr(contender, "set"):
        contender.set(setting)


def measure(contenders: list[Contender], data: Data, scenario: Scenario, target: float) -> dict[str, dict[str, Any]]:
    """Contender → its setting, recall@10, p50 and p95 in ms, hits outside the filter, queries asked.

    Contenders take turns in a fresh random order, each with the same five queries, so that what the one before
    left in the caches weighs little; a slow one stops when its seconds are used up.
    """
    allowed = data.allowed(scenario)
    fits = None if allowed is None else np.isin(np.arange(len(data.vectors)), allowed)
    floor = data.floor(scenario)
    asked = {c.name: Asked(choose(c, data, scenario, target, fits)) for c in contenders}
    for contender in contenders:
        _warm(contender, data, scenario, asked[contender.name].setting)
    for start in range(0, len(data.queries), BURST):
        for contender in random.sample(contenders, len(contenders)):
            mine = asked[contender.name]
            if mine.spent() < ASKING_SECONDS:
                for query in data.queries[start : start + BURST]:
                    timed(contender, query, scenario, mine.setting, mine)
    return {name: _summary(data, mine, floor, fits) for name, mine in asked.items()}


def _warm(contender: Contender, data: Data, scenario: Scenario, setting: Any) -> None:
    """Ask the tuning queries once more: one that has nothing to choose would else meet its pages on disk."""
    apply(contender, setting)
    began = time.perf_counter()
    for query in data.tuning:
        contender.search(query, scenario, setting)
        if time.perf_counter() - began > TUNING_SECONDS:
            break


def _summary(data: Data, asked: Asked, floor: np.ndarray, fits: np.ndarray | None) -> dict[str, Any]:
    count = len(asked.answers)
    outside = 0 if fits is None else sum(int((~fits[a[a >= 0]]).sum()) for a in asked.answers)
    return {
        "setting": str(asked.setting),
        "recall": data.recall(data.queries[:count], asked.answers, floor[:count], fits),
        "p50": float(np.median(asked.seconds)) * 1e3,
        "p95": float(np.quantile(asked.seconds, 0.95)) * 1e3,
        "outside": outside,
        "queries": count,
    }
