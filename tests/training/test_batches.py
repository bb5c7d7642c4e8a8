"""The promises of the batch sampler."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from index.errors import InvalidInput
from tests.training.tables import LANGUAGES, parallel_table, tables
from training.batches import Batch, HybridBatches
from training.groups import Group
from training.pairs import PairTable
from training.recipe import Stage


def draw_some(table: PairTable, size: int, stage: Stage, processes: int = 1, seed: int = 0) -> list[list[Batch]]:
    try:
        return list(islice(HybridBatches(table, size, stage).draw(seed, processes), 30))
    except InvalidInput:
        assume(False)
        raise


def keeps_promises(table: PairTable, batch: Batch, size: int) -> None:
    texts = table.texts.to_pylist()
    assert 1 <= len(batch) <= size
    assert len(set(batch.groups.tolist())) == len(batch), "a group at most once"
    passages = [texts[row] for row in batch.passage_rows]
    assert len(set(passages)) == len(passages), "a passage is never its own negative"
    assert all(texts[q] != texts[p] for q, p in zip(batch.question_rows, batch.passage_rows, strict=True))
    for side, rows, languages in (
        (table.questions, batch.question_rows, batch.question_languages),
        (table.passages, batch.passage_rows, batch.passage_languages),
    ):
        for group, row, language in zip(batch.groups, rows, languages, strict=True):
            entries = slice(*side.offsets[group : group + 2])
            held = list(zip(side.rows[entries], side.languages[entries], strict=True))
            assert (row, language) in held, "text and language belong to the group"


@settings(deadline=None, max_examples=60)
@given(tables(), st.sampled_from([0.0, 0.3, 1.0]), st.integers(2, 12), st.sampled_from([0.0, 0.5, 1.0]))
def test_hybrid_batches_keep_their_promises(table: PairTable, alpha: float, size: int, temperature: float) -> None:
    stage = Stage(alpha=alpha, language_temperature=temperature, bucket_temperature=temperature)
    for (batch,) in draw_some(table, size, stage):
        keeps_promises(table, batch, size)
        if batch.regime == "monolingual":
            assert alpha > 0
            assert len(set(batch.question_languages.tolist()) | set(batch.passage_languages.tolist())) == 1
        else:
            assert alpha < 1
            assert (batch.question_languages != batch.passage_languages).all()


@settings(deadline=None, max_examples=40)
@given(tables(), st.sampled_from(["mixed", "any", "english"]), st.integers(2, 12))
def test_baselines_keep_their_promises(table: PairTable, sampling: str, size: int) -> None:
    for (batch,) in draw_some(table, size, Stage.model_validate({"sampling": sampling})):
        keeps_promises(table, batch, size)
        if sampling != "any":
            assert (batch.question_languages == batch.passage_languages).all()
        if sampling == "english":
            assert {table.languages[code] for code in batch.question_languages} == {"en"}


@settings(deadline=None, max_examples=40)
@given(tables(), st.sampled_from([0.0, 0.5, 1.0]), st.integers(2, 8), st.integers(2, 4))
def test_processes_share_regime_and_language_but_no_group(
    table: PairTable, alpha: float, size: int, processes: int
) -> None:
    for step in draw_some(table, size, Stage(alpha=alpha), processes):
        assert len(step) == processes and len({len(batch) for batch in step}) == 1
        assert len({(batch.regime, batch.bucket) for batch in step}) == 1
        if step[0].regime == "monolingual":
            assert len({int(code) for batch in step for code in batch.question_languages}) == 1
        groups = np.concatenate([batch.groups for batch in step])
        assert len(np.unique(groups)) == len(groups)
        texts = table.text_keys[np.concatenate([batch.passage_rows for batch in step])]
        assert len(np.unique(texts)) == len(texts), "nor is a passage a negative to itself across processes"
        for batch in step:
            keeps_promises(table, batch, size)


def as_rows(steps: list[list[Batch]]) -> list[tuple[list[int], list[int]]]:
    return [(batch.question_rows.tolist(), batch.passage_rows.tolist()) for step in steps for batch in step]


@settings(deadline=None, max_examples=20)
@given(tables(), st.integers(0, 3))
def test_same_seed_same_batches(table: PairTable, seed: int) -> None:
    assert as_rows(draw_some(table, 4, Stage(), seed=seed)) == as_rows(draw_some(table, 4, Stage(), seed=seed))


def test_another_seed_gives_other_batches() -> None:
    table = parallel_table()
    assert as_rows(draw_some(table, 8, Stage(), seed=1)) != as_rows(draw_some(table, 8, Stage(), seed=2))


def batches_of(table: PairTable, size: int, count: int, **stage: object) -> list[Batch]:
    return [step[0] for step in islice(HybridBatches(table, size, Stage.model_validate(stage)).draw(1), count)]


@pytest.mark.parametrize("alpha", [0.3, 0.5])
def test_share_of_monolingual_batches_is_alpha(alpha: float) -> None:
    share = np.mean([batch.regime == "monolingual" for batch in batches_of(parallel_table(), 8, 2000, alpha=alpha)])
    assert abs(share - alpha) < 4 * np.sqrt(alpha * (1 - alpha) / 2000)


def test_languages_and_pairs_are_drawn_uniformly() -> None:
    table = parallel_table()
    monolingual = [int(batch.question_languages[0]) for batch in batches_of(table, 8, 2000, alpha=1)]
    assert np.bincount(monolingual).min() > 0.8 * 2000 / len(LANGUAGES)
    crossed = batches_of(table, 8, 1000, alpha=0)
    pairs = np.concatenate([b.question_languages * 5 + b.passage_languages for b in crossed])
    counts = np.bincount(pairs, minlength=25).reshape(5, 5)
    assert (np.diag(counts) == 0).all()
    off_diagonal = counts[~np.eye(5, dtype=bool)]
    assert off_diagonal.min() > 0.8 * off_diagonal.mean()


@pytest.mark.parametrize(("temperature", "expected"), [(0.0, 0.5), (1.0, 0.9), (0.5, 0.75)])
def test_language_temperature_weighs_languages_by_size(temperature: float, expected: float) -> None:
    big = [Group(f"d{i}", {"de": f"q{i}"}, {"de": f"p{i}"}) for i in range(90)]
    small = [Group(f"t{i}", {"th": f"q{i}"}, {"th": f"p{i}"}) for i in range(10)]
    table = PairTable.pack({"one": big + small})
    drawn = batches_of(table, 4, 2000, alpha=1, language_temperature=temperature)
    share = np.mean([table.languages[batch.question_languages[0]] == "de" for batch in drawn])
    assert abs(share - expected) < 0.05


@pytest.mark.parametrize(("temperature", "expected"), [(0.0, 0.5), (1.0, 0.75)])
def test_bucket_temperature_weighs_buckets_by_size(temperature: float, expected: float) -> None:
    def groups(name: str, n: int) -> list[Group]:
        return [Group(f"{name}{i}", {"de": f"{name}q{i}"}, {"en": f"{name}p{i}"}) for i in range(n)]

    table = PairTable.pack({"big": groups("b", 90), "small": groups("s", 30)})
    drawn = batches_of(table, 4, 2000, alpha=0, bucket_temperature=temperature)
    assert abs(np.mean([batch.bucket == "big" for batch in drawn]) - expected) < 0.05


def test_weights_decide_over_temperature() -> None:
    one = [Group(f"a{i}", {"de": f"aq{i}"}, {"en": f"ap{i}"}) for i in range(9)]
    two = [Group(f"b{i}", {"de": f"bq{i}"}, {"en": f"bp{i}"}) for i in range(9)]
    table = PairTable.pack({"one": one, "two": two})
    assert {batch.bucket for batch in batches_of(table, 4, 50, alpha=0, weights={"two": 1})} == {"two"}


def test_only_allowed_pairs_are_drawn() -> None:
    table = parallel_table()
    drawn = batches_of(table, 8, 300, alpha=0, pairs=[["en", "de"], ["th", "zh"]])
    names = {
        (table.languages[asked], table.languages[told])
        for batch in drawn
        for asked, told in zip(batch.question_languages, batch.passage_languages, strict=True)
    }
    assert names == {("en", "de"), ("th", "zh")}


@pytest.mark.parametrize(
    "stage", [{"alpha": 0}, {"alpha": 0, "pairs": [["en", "de"]]}, {"sampling": "mixed"}, {"sampling": "any"}]
)
def test_every_group_is_reached_before_one_comes_twice(stage: dict[str, object]) -> None:
    seen = np.concatenate([batch.groups for batch in batches_of(parallel_table(20), 5, 4, **stage)])
    assert sorted(seen.tolist()) == list(range(20))


def entries(table: PairTable, group: int) -> list[list[tuple[int, int]]]:
    """(row, language) of a group's questions, and of its passages."""
    spans = [(side, slice(*side.offsets[group : group + 2])) for side in (table.questions, table.passages)]
    return [list(zip(side.rows[span].tolist(), side.languages[span].tolist(), strict=True)) for side, span in spans]


@settings(deadline=None, max_examples=30)
@given(tables(), st.sampled_from([0.0, 1.0]))
def test_every_group_with_a_pair_is_reached(table: PairTable, alpha: float) -> None:
    languages_of: dict[int, set[int]] = {}
    for group in range(table.n_groups):
        asked, told = entries(table, group)
        pairs = [(q, p) for q in asked for p in told if q[0] != p[0] and (q[1] == p[1]) == (alpha == 1)]
        if pairs:
            languages_of[group] = {p[1] for _, p in pairs}
    # A language with one pair in its bucket has no monolingual batch: there would be no negative.
    count = Counter((table.bucket_of[group], code) for group, codes in languages_of.items() for code in codes)
    wanted = {
        group for group, codes in languages_of.items()
        if alpha == 0 or any(count[table.bucket_of[group], code] > 1 for code in codes)
    }  # fmt: skip
    steps = HybridBatches(table, 4, Stage(alpha=alpha)).draw(0) if wanted else iter([])
    assert {int(group) for (batch,) in islice(steps, 600) for group in batch.groups} == wanted


@pytest.mark.parametrize("alpha", [-0.1, 1.5])
def test_alpha_out_of_range_is_told(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha"):
        Stage(alpha=alpha)


@pytest.mark.parametrize(
    ("stage", "told"),
    [
        ({"alpha": 0.5}, "cross-lingual"),
        ({"alpha": 0.0, "pairs": [["en", "th"]]}, "en, th"),
        ({"sampling": "english"}, "english"),
        ({"weights": {"novels": 1.0}}, "novels"),
        ({"weights": {"one": 0.0}}, "not all 0"),
    ],
)
def test_a_regime_without_pairs_is_told(stage: dict[str, object], told: str) -> None:
    table = PairTable.pack({"one": [Group(str(i), {"de": f"q{i}"}, {"de": f"p{i}"}) for i in range(5)]})
    with pytest.raises(InvalidInput, match=told):
        HybridBatches(table, 4, Stage.model_validate(stage))


def test_names_equal_in_all_languages_do_not_hang_the_draw() -> None:
    same = [Group(str(i), dict.fromkeys(LANGUAGES, f"n{i}"), dict.fromkeys(LANGUAGES, f"n{i}")) for i in range(5)]
    with pytest.raises(InvalidInput):
        HybridBatches(PairTable.pack({"one": same}), 4, Stage(alpha=0))


def test_too_few_passages_for_the_processes_are_told() -> None:
    table = PairTable.pack({"one": [Group(str(i), {"de": f"q{i}"}, {"en": "the same"}) for i in range(5)]})
    with pytest.raises(InvalidInput, match="2 processes"):
        next(HybridBatches(table, 2, Stage(alpha=0)).draw(0, processes=2))
