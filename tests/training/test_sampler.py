"""The sampler as the trainer and Accelerate see it."""

from __future__ import annotations

from itertools import islice

import pytest
from accelerate.data_loader import BatchSamplerShard
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.tables import parallel_table
from training.batches import HybridBatches
from training.groups import Group
from training.pairs import PairTable
from training.recipe import Stage
from training.sampler import HybridBatchSampler, draw_rows


def sampler(steps: int, processes: int = 1, **stage: object) -> HybridBatchSampler:
    batches = HybridBatches(parallel_table(60), 8, Stage.model_validate(stage))
    return HybridBatchSampler(None, 8, False, batches=batches, steps=steps, processes=processes, seed=3)


def test_a_stage_is_one_epoch_of_its_steps() -> None:
    found = list(sampler(40))
    assert len(found) == len(sampler(40)) == 40
    assert {rows.regime for rows in found} == {"monolingual", "cross-lingual"}


def test_stages_of_other_names_draw_other_batches() -> None:
    assert list(sampler(10, name="align")) != list(sampler(10, name="sharpen"))


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 40))
def test_going_on_after_some_steps_gives_what_was_left(done: int) -> None:
    assert list(islice(iter(sampler(40)), done, None)) == list(sampler(40))[done:]


@pytest.mark.parametrize("processes", [2, 3])
def test_accelerate_deals_every_process_its_part(processes: int) -> None:
    # 60 groups in batches of 8 for each process: some rounds end in shorter batches, which must arrive too.
    whole = sampler(20, processes)
    shards = [
        list(BatchSamplerShard(whole, num_processes=processes, process_index=n, even_batches=False))
        for n in range(processes)
    ]
    assert [len(shard) for shard in shards] == [20] * processes
    for parts in zip(*shards, strict=True):
        assert len({part.regime for part in parts}) == 1
        assert len({len(part) for part in parts}) == 1
        texts = [row for part in parts for row in part]
        assert len(set(texts)) == len(texts)


def test_rows_carry_hard_negatives() -> None:
    groups = [Group(str(i), {"en": f"q{i}"}, {"en": f"p{i}"}, negatives={"en": [f"hard {i}"]}) for i in range(20)]
    batches = HybridBatches(PairTable.pack({"one": groups}), 4, Stage(alpha=1, hard_negatives=2))
    for ((_, rows),) in islice(draw_rows(batches, 0), 10):
        assert {len(row) for row in rows} == {4}
