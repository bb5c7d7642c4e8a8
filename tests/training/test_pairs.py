"""Packing groups, splitting them, and handing out their texts."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.tables import parallel_table, tables
from training.groups import Group
from training.pair_dataset import PairDataset, Rows
from training.pairs import PairTable, Side

GROUPS = [
    Group("1", {"de": "Frage", "th": "คำถาม"}, {"de": "Antwort"}, negatives={"de": ["falsch", "Antwort"]}),
    Group("2", {"en": "same"}, {"en": "same", "de": "gleich"}),
]


def contents(table: PairTable, side: Side) -> list[dict[str, str]]:
    texts = table.texts.to_pylist()
    spans = [slice(*side.offsets[group : group + 2]) for group in range(table.n_groups)]
    return [
        {table.languages[code]: texts[row] for code, row in zip(side.languages[span], side.rows[span], strict=True)}
        for span in spans
    ]


def test_a_packed_table_holds_the_groups() -> None:
    table = PairTable.pack({"a": GROUPS[:1], "b": GROUPS[1:]})
    assert contents(table, table.questions) == [group.questions for group in GROUPS]
    assert contents(table, table.passages) == [group.passages for group in GROUPS]
    assert table.buckets == ["a", "b"] and table.bucket_of.tolist() == [0, 1]
    assert table.negatives.offsets.tolist() == [0, 2, 2]
    assert len(table.texts) == 6, "a group's equal texts are stored once"


def test_texts_survive_packing_whatever_their_length() -> None:
    texts = ["", "ü", "中文" * 5000, "a\nb\x00c", "😀"]
    table = PairTable.pack({"a": [Group(str(n), {"en": text}, {"de": f"x{n}"}) for n, text in enumerate(texts)]})
    assert table.texts.to_pylist()[::2] == texts


@settings(deadline=None, max_examples=50)
@given(tables(), st.data())
def test_selecting_keeps_exactly_the_chosen_groups_and_languages(table: PairTable, data: st.DataObject) -> None:
    kept = np.array(data.draw(st.lists(st.booleans(), min_size=table.n_groups, max_size=table.n_groups)), dtype=bool)
    languages = data.draw(st.none() | st.sets(st.sampled_from(table.languages)))
    chosen = table.select(kept, languages)
    for name in ("questions", "passages"):
        before = contents(table, getattr(table, name))
        expected = [
            {code: text for code, text in before[group].items() if languages is None or code in languages}
            for group in np.flatnonzero(kept)
        ]
        assert contents(chosen, getattr(chosen, name)) == expected


@settings(deadline=None, max_examples=20)
@given(tables(), st.integers(0, 20))
def test_groups_held_out_are_in_one_part_only(table: PairTable, count: int) -> None:
    train, held = table.hold_out(count, seed=3)
    assert held.n_groups == min(count, table.n_groups // 10)
    both = [*contents(train, train.questions), *contents(held, held.questions)]
    assert sorted(map(str, both)) == sorted(map(str, contents(table, table.questions)))


def test_dataset_gives_the_texts_of_the_rows() -> None:
    dataset = PairDataset.of(parallel_table(2).texts)
    rows = Rows([(0, 6), (1, 5)])
    rows.regime = "cross-lingual"
    examples = dataset.__getitems__(rows)
    assert examples == [{"question": "q0 ar", "passage": "p0 de"}, {"question": "q0 de", "passage": "p0 ar"}]
    assert examples.regime == "cross-lingual"
    assert list(dataset.__getitems__([(0, 6, 7, 8)])[0]) == ["question", "passage", "negative_1", "negative_2"]
