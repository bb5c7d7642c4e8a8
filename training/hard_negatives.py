"""Hard negatives for a batch: passages that look like answers and are none.

Where the right passage is in the question's language, so are they; else they are in any
language but the question's, as in the paper's triplets. A negative is never a passage of a group in the batch,
in whatever language: mined from the same data, one question's negative is another's answer.
Where a group has no (more) usable negatives, random passages of other groups fill the places.
"""

from __future__ import annotations

import numpy as np

from index.errors import InvalidInput
from training.batches import Batch
from training.pairs import PairTable, Side

__all__ = ["draw_negatives", "require_negatives"]

_TRIES = 50


def require_negatives(table: PairTable, stage: str) -> None:
    """Raise InvalidInput when no group of the table has a negative."""
    if not len(table.negatives.rows):
        raise InvalidInput(
            f"Stage {stage!r} asks for hard negatives, but no group has any; add them with `isoglot mine`, "
            "or set hard_negatives to 0."
        )


def draw_negatives(table: PairTable, batch: Batch, count: int, rng: np.random.Generator) -> tuple[Batch, np.ndarray]:
    """Rows of `count` negatives for each example: the batch, and (n, count) int64.

    Examples for which not even random passages are left are dropped from the batch.
    """
    taken = _passage_keys(table, batch.groups)
    rows = np.zeros((len(batch), count), dtype=np.int64)
    complete = np.ones(len(batch), dtype=bool)
    for number in range(len(batch)):
        language = int(batch.question_languages[number])
        is_same = language == int(batch.passage_languages[number])
        found = _mined(table, int(batch.groups[number]), language, is_same, taken, rng)[:count]
        found += _filler(table, language, is_same, taken, count - len(found), rng)
        complete[number] = len(found) == count
        if complete[number]:
            rows[number] = found
    return batch.part(complete), rows[complete]


def _passage_keys(table: PairTable, groups: np.ndarray) -> set[int]:
    """Keys of every passage of the batch's groups, in all languages."""
    offsets = table.passages.offsets
    spans = [table.passages.rows[offsets[group] : offsets[group + 1]] for group in groups]
    return set(table.text_keys[np.concatenate(spans)].tolist())


def _wanted(side: Side, entries: np.ndarray, language: int, is_same: bool) -> np.ndarray:
    return np.asarray(entries[(side.languages[entries] == language) == is_same])


def _mined(
    table: PairTable, group: int, language: int, is_same: bool, taken: set[int], rng: np.random.Generator
) -> list[int]:
    side = table.negatives
    entries = np.arange(side.offsets[group], side.offsets[group + 1])
    rows = side.rows[_wanted(side, entries, language, is_same)]
    return [int(row) for row in rng.permutation(rows) if int(table.text_keys[row]) not in taken]


def _filler(
    table: PairTable, language: int, is_same: bool, taken: set[int], count: int, rng: np.random.Generator
) -> list[int]:
    side, found = table.passages, list[int]()
    for _ in range(_TRIES):
        if len(found) >= count:
            break
        entries = _wanted(side, rng.integers(len(side.rows), size=32 * count), language, is_same)
        found += [int(row) for row in side.rows[entries] if int(table.text_keys[row]) not in taken]
    return found[:count]
