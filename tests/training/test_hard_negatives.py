"""Hard negatives are never right answers."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from index.errors import InvalidInput
from tests.training.tables import parallel_table, tables
from training.batches import HybridBatches
from training.groups import Group
from training.hard_negatives import draw_negatives, require_negatives
from training.pairs import PairTable
from training.recipe import Stage


@settings(deadline=None, max_examples=60)
@given(tables(), st.sampled_from([0.0, 0.5, 1.0]), st.integers(1, 3))
def test_negatives_are_of_the_right_language_and_of_no_group_in_the_batch(
    table: PairTable, alpha: float, count: int
) -> None:
    texts = table.texts.to_pylist()
    language_of = dict(zip(table.passages.rows.tolist(), table.passages.languages.tolist(), strict=True))
    language_of |= dict(zip(table.negatives.rows.tolist(), table.negatives.languages.tolist(), strict=True))
    try:
        steps = list(islice(HybridBatches(table, 6, Stage(alpha=alpha)).draw(0), 10))
    except InvalidInput:
        assume(False)
    rng = np.random.default_rng(0)
    for (drawn,) in steps:
        batch, rows = draw_negatives(table, drawn, count, rng)
        assert rows.shape == (len(batch), count)
        passages = table.passages
        gold = {texts[row] for g in drawn.groups for row in passages.rows[slice(*passages.offsets[g : g + 2])]}
        assert not gold & {texts[row] for row in rows.ravel()}
        for number in range(len(batch)):
            if len(set(language_of.values())) > 1 and not texts[rows[number][0]].startswith("name"):
                is_same = batch.question_languages[number] == batch.passage_languages[number]
                found = {language_of[row] for row in rows[number].tolist() if not texts[row].startswith("name")}
                assert all((code == batch.question_languages[number]) == is_same for code in found)


def test_mined_negatives_come_before_random_ones() -> None:
    groups = [Group(str(i), {"en": f"q{i}"}, {"en": f"p{i}"}, negatives={"en": [f"hard {i}"]}) for i in range(20)]
    table = PairTable.pack({"one": groups})
    (batch,) = next(HybridBatches(table, 8, Stage(alpha=1)).draw(0))
    _, rows = draw_negatives(table, batch, 2, np.random.default_rng(0))
    texts = table.texts.to_pylist()
    for group, (first, second) in zip(batch.groups, rows, strict=True):
        assert texts[first] == f"hard {group}" and texts[second].startswith("p")


def test_asking_for_negatives_of_data_without_any_is_told() -> None:
    with pytest.raises(InvalidInput, match="isoglot mine"):
        require_negatives(parallel_table(), "train")
