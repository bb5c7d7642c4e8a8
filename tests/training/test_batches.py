"""The promises of the hybrid sampler, over random groups."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from index.errors import InvalidInput
from training.batches import Batch, HybridBatches, HybridBatchSampler
from training.groups import Group
from training.pairs import PairDataset, PairTable

LANGUAGES = ["ar", "de", "en", "th", "zh"]


@st.composite
def tables(draw: st.DrawFn) -> PairTable:
    """Groups with any mix of languages; some translations, some names equal in all languages."""
    languages = st.sets(st.sampled_from(LANGUAGES), min_size=1)
    buckets = {}
    for bucket in ("one", "two"):
        groups = []
        for number in range(draw(st.integers(2, 30))):
            kind = draw(st.sampled_from(["qa", "translation", "name"]))
            asked, told = sorted(draw(languages)), sorted(draw(languages))
            if kind == "qa":
                questions = {code: f"{bucket} question {number} {code}" for code in asked}
                passages = {code: f"{bucket} passage {number} {code}" for code in told}
            elif kind == "translation":
                questions = passages = {code: f"{bucket} sentence {number} {code}" for code in asked}
            else:
                questions = passages = dict.fromkeys(asked, f"name {number}")
            groups.append(Group(f"{bucket}-{number}", questions, passages, bucket))
        buckets[bucket] = groups
    return PairTable.pack(buckets)


def draw_some(table: PairTable, alpha: float, size: int, seed: int = 0, count: int = 30) -> list[Batch]:
    try:
        batches = HybridBatches(table, size, alpha)
    except InvalidInput:
        assume(False)
    return list(islice(batches.draw(seed), count))


@settings(deadline=None, max_examples=60)
@given(tables(), st.sampled_from([0.0, 0.3, 1.0]), st.integers(2, 12))
def test_batches_keep_their_promises(table: PairTable, alpha: float, size: int) -> None:
    texts = table.texts.to_pylist()
    for batch in draw_some(table, alpha, size):
        assert 1 <= len(batch.groups) <= size
        assert len(set(batch.groups.tolist())) == len(batch.groups), "a group at most once"
        passages = [texts[row] for row in batch.passage_rows]
        assert len(set(passages)) == len(passages), "a passage is never its own negative"
        assert all(texts[q] != texts[p] for q, p in zip(batch.question_rows, batch.passage_rows, strict=True))
        if batch.regime == "monolingual":
            assert alpha > 0
            assert len(set(batch.question_languages.tolist()) | set(batch.passage_languages.tolist())) == 1
        else:
            assert alpha < 1
            assert (batch.question_languages != batch.passage_languages).all()
        for group, row in zip(batch.groups, batch.question_rows, strict=True):
            start, end = table.questions.offsets[group : group + 2]
            assert row in table.questions.rows[start:end], "the question belongs to the group"


@settings(deadline=None, max_examples=20)
@given(tables(), st.integers(0, 3))
def test_same_seed_and_epoch_same_batches(table: PairTable, seed: int) -> None:
    first, again = draw_some(table, 0.5, 4, seed), draw_some(table, 0.5, 4, seed)
    assert all((a.question_rows.tolist(), a.passage_rows.tolist()) == (b.question_rows.tolist(), b.passage_rows.tolist())
               for a, b in zip(first, again, strict=True))  # fmt: skip


def parallel_table(n: int = 60) -> PairTable:
    groups = [Group(str(i), {c: f"q{i} {c}" for c in LANGUAGES}, {c: f"p{i} {c}" for c in LANGUAGES}) for i in range(n)]
    return PairTable.pack({"one": groups})


def test_share_of_monolingual_batches_is_alpha() -> None:
    batches = list(islice(HybridBatches(parallel_table(), 8, 0.3).draw(5), 2000))
    share = np.mean([batch.regime == "monolingual" for batch in batches])
    assert abs(share - 0.3) < 4 * np.sqrt(0.3 * 0.7 / 2000)


def test_languages_and_pairs_are_drawn_uniformly() -> None:
    table = parallel_table()
    monolingual = [int(b.question_languages[0]) for b in islice(HybridBatches(table, 8, 1.0).draw(1), 2000)]
    assert np.bincount(monolingual).min() > 0.8 * 2000 / len(LANGUAGES)
    pairs = np.concatenate(
        [b.question_languages * 5 + b.passage_languages for b in islice(HybridBatches(table, 8, 0.0).draw(1), 1000)]
    )
    counts = np.bincount(pairs, minlength=25).reshape(5, 5)
    assert (np.diag(counts) == 0).all()
    off_diagonal = counts[~np.eye(5, dtype=bool)]
    assert off_diagonal.min() > 0.8 * off_diagonal.mean()


def test_every_group_is_reached_before_one_comes_twice() -> None:
    table = parallel_table(20)
    seen = np.concatenate([b.groups for b in islice(HybridBatches(table, 5, 0.0).draw(0), 4)])
    assert sorted(seen.tolist()) == list(range(20))


def test_epochs_differ() -> None:
    batches = HybridBatches(parallel_table(), 8, 0.5)
    sampler = HybridBatchSampler(None, 8, False, batches=batches, seed=3)
    first = list(sampler)
    sampler.set_epoch(1)
    assert list(sampler) != first
    assert len(first) == len(sampler) == 60 // 8


def test_dataset_gives_the_texts_of_the_pairs() -> None:
    table = parallel_table(2)
    rows = PairDataset.of(table.texts).__getitems__([(0, 6), (1, 5)])
    assert rows == [{"question": "q0 ar", "passage": "p0 de"}, {"question": "q0 de", "passage": "p0 ar"}]


@pytest.mark.parametrize("alpha", [-0.1, 1.5])
def test_alpha_out_of_range_is_told(alpha: float) -> None:
    with pytest.raises(InvalidInput, match="probability"):
        HybridBatches(parallel_table(), 8, alpha)


def test_a_regime_without_pairs_is_told() -> None:
    table = PairTable.pack({"one": [Group(str(i), {"de": f"q{i}"}, {"de": f"p{i}"}) for i in range(5)]})
    with pytest.raises(InvalidInput, match="cross-lingual"):
        HybridBatches(table, 4, 0.5)


def test_names_equal_in_all_languages_do_not_hang_the_draw() -> None:
    same = [Group(str(i), dict.fromkeys(LANGUAGES, f"n{i}"), dict.fromkeys(LANGUAGES, f"n{i}")) for i in range(5)]
    with pytest.raises(InvalidInput):
        HybridBatches(PairTable.pack({"one": same}), 4, 0.0)
