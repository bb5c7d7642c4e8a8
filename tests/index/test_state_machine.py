"""Random lives of an index beside a dictionary that says what it should hold, on each backend."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from index.filters import matches, parse_filter
from index.local.index import LocalIndex
from index.passages import Passage
from index.places import LocalPlace, Place
from index.question import Scope
from tests.index.conftest import FACTS, fresh_name
from tests.index.test_backends import unit, units

IDS = st.sampled_from(["a", "b", "c", "d", "e", 'f"', "g\\", "😀"])
LANGUAGES = st.sampled_from(["de", "en", "zh-Hant"])
METADATA = st.fixed_dictionaries({}, optional={"year": st.integers(1, 4), "tag": st.lists(st.sampled_from("xyz"))})
WRITES = st.dictionaries(IDS, st.tuples(LANGUAGES, METADATA, st.integers(0, 30)), min_size=1, max_size=5)
WHERE = st.none() | st.sampled_from(
    [{"year": 2}, {"year": {"gte": 2, "lt": 4}}, {"tag": "x"}, {"tag": {"in": ["y", "z"]}}]
)


class Life(RuleBasedStateMachine):
    """What is written, deleted, asked and reopened."""

    place: Place

    def __init__(self) -> None:
        super().__init__()
        self.name = fresh_name()
        self.index = self.place.open(self.name, FACTS)
        self.model: dict[str, tuple[Passage, int]] = {}

    @rule(writes=WRITES)
    def upsert(self, writes: dict[str, tuple[str, dict[str, Any], int]]) -> None:
        passages = [Passage(i, f"text {seed}", code, None, held) for i, (code, held, seed) in writes.items()]
        seeds = [seed for _, _, seed in writes.values()]
        self.index.upsert(passages, units(*seeds))
        self.model |= {passage.id: (passage, seed) for passage, seed in zip(passages, seeds, strict=True)}

    @rule(ids=st.sets(IDS, max_size=4))
    def delete(self, ids: set[str]) -> None:
        assert self.index.delete(sorted(ids)) == len(ids & set(self.model))
        self.model = {identity: held for identity, held in self.model.items() if identity not in ids}

    @rule(seeds=st.lists(st.integers(0, 30), min_size=1, max_size=3), k=st.integers(1, 10), where=WHERE,
          languages=st.none() | st.sets(LANGUAGES, min_size=1))  # fmt: skip
    def search(self, seeds: list[int], k: int, where: dict[str, Any] | None, languages: set[str] | None) -> None:
        conditions = parse_filter(where)
        scope = Scope(k, None if languages is None else tuple(sorted(languages)), conditions)
        pool = {
            p.id: unit(seed)
            for p, seed in self.model.values()
            if (languages is None or p.language in languages) and matches(p.metadata, conditions)
        }
        for seed, hits in zip(seeds, self.index.search(units(*seeds), scope), strict=True):
            scores = {identity: float(vector @ unit(seed)) for identity, vector in pool.items()}
            assert len({hit.passage.id for hit in hits}) == len(hits) and {hit.passage.id for hit in hits} <= set(pool)
            assert all(hit.passage == self.model[hit.passage.id][0] for hit in hits)
            assert [hit.score for hit in hits] == pytest.approx([scores[hit.passage.id] for hit in hits], abs=1e-5)
            assert [hit.score for hit in hits] == pytest.approx(sorted(scores.values(), reverse=True)[:k], abs=1e-5)

    @rule(size=st.integers(1, 4))
    def scan(self, size: int) -> None:
        blocks = list(self.index.scan(size=size))
        held = {p.id: (p, v) for b in blocks for p, v in zip(b.passages, b.vectors, strict=True)}
        assert list(held) == sorted(self.model)
        for identity, (passage, seed) in self.model.items():
            assert held[identity][0] == passage and np.array_equal(held[identity][1], unit(seed))

    @rule()
    def reopen(self) -> None:
        self.index.close()
        self.index = self.place.open(self.name, FACTS)

    @precondition(lambda self: hasattr(self.index, "compact"))
    @rule()
    def compact(self) -> None:
        self.index.compact()  # type: ignore[attr-defined]

    @precondition(lambda self: hasattr(self.index, "snapshot"))
    @rule()
    def snapshot(self) -> None:
        with TemporaryDirectory() as folder:
            self.index.snapshot(Path(folder) / "copy")  # type: ignore[attr-defined]
            copy = LocalPlace(Path(folder)).open("copy", {}, read_only=True)
            held = {p.id: p for block in copy.scan() for p in block.passages}
            copy.close()
        assert held == {identity: passage for identity, (passage, _) in self.model.items()}

    @invariant()
    def it_counts_and_knows_what_it_holds(self) -> None:
        assert self.index.counts() == dict(sorted(Counter(p.language for p, _ in self.model.values()).items()))
        assert self.index.get([*self.model, "none"]) == {identity: p for identity, (p, _) in self.model.items()}
        assert {field for p, _ in self.model.values() for field, v in p.metadata.items() if v} <= self.index.fields()

    @invariant()
    def its_means_are_those_of_what_it_holds(self) -> None:
        means = self.index.means()
        assert dict(zip(means.languages, means.counts.tolist(), strict=True)) == self.index.counts()
        if isinstance(self.index, LocalIndex):  # elsewhere they are estimates, refreshed when sizes change
            for code, vector in zip(means.languages, means.vectors, strict=True):
                held = [unit(seed).astype(np.float64) for p, seed in self.model.values() if p.language == code]
                assert np.allclose(vector, np.mean(held, axis=0), rtol=0, atol=2**-36)

    def teardown(self) -> None:
        self.index.close()
        self.place.delete(self.name)


def test_every_life_leads_where_the_dictionary_says(place: Place) -> None:
    machine = type("LifeHere", (Life,), {"place": place})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=15, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
