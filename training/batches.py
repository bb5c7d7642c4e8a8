"""The hybrid batch sampler of arXiv 2408.10536, section 2.2.

Every batch is monolingual with probability alpha: one language, drawn uniformly, holds all
questions and passages. Otherwise it is cross-lingual: in each example the question's and
the passage's languages differ. alpha = 1 is the paper's X-X-mono, alpha = 0 its X-Y,
alpha = 0.5 its hybrid.

What the paper leaves open is decided so: the languages of a cross-lingual example are
uniform over the pairs its group offers; a group stands at most once in a batch, so that a
translation of the right passage never counts as a negative; a batch comes from one bucket
of sources, drawn by weight, because negatives of another kind teach little; a pair of
identical texts is never offered; a passage that stands in the batch already is left out
with its question, because it would be a negative to itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sentence_transformers.base.sampler import DefaultBatchSampler

from index.errors import InvalidInput
from training.pairs import PairTable, Side

__all__ = ["Batch", "HybridBatchSampler", "HybridBatches"]


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch before it becomes text.

    regime: "monolingual" or "cross-lingual"; bucket: name of the bucket.
    groups, question_rows, passage_rows: (n,) int; question_languages, passage_languages: (n,) int.
    """

    regime: str
    bucket: str
    groups: np.ndarray
    question_rows: np.ndarray
    passage_rows: np.ndarray
    question_languages: np.ndarray
    passage_languages: np.ndarray


class _Deck:
    """Deals indices 0..n-1 in shuffled rounds, so that all come up before one comes twice."""

    def __init__(self, n: int, rng: np.random.Generator) -> None:
        self.n, self.rng = n, rng
        self.order = rng.permutation(n)
        self.at = 0

    def deal(self, k: int) -> np.ndarray:
        """Up to k different indices; fewer at the end of a round, never an index twice."""
        if self.at >= self.n:
            self.order, self.at = self.rng.permutation(self.n), 0
        dealt = self.order[self.at : self.at + k]
        self.at += len(dealt)
        return dealt


class HybridBatches:
    """Draws batches from a PairTable.

    alpha: probability of a monolingual batch, 0 to 1.
    weights: bucket name → relative chance that a batch comes from it; None means equal.
    Raises InvalidInput when alpha is out of range, a weight names no bucket, or no pair of
    the regime asked for exists.
    """

    def __init__(
        self, table: PairTable, batch_size: int, alpha: float, weights: Mapping[str, float] | None = None
    ) -> None:
        if not 0.0 <= alpha <= 1.0:
            raise InvalidInput(f"alpha is {alpha}; it is a probability from 0 (cross-lingual) to 1 (monolingual).")
        if batch_size < 2:
            raise InvalidInput(f"The batch size is {batch_size}; in-batch negatives need at least 2.")
        self.table, self.batch_size, self.alpha = table, batch_size, alpha
        self.weights = _bucket_weights(table, weights)
        self._monolingual = {key: pairs for key, pairs in _monolingual_pairs(table).items() if self.weights[key[0]]}
        self._cross = {
            bucket: groups for bucket, groups in _cross_lingual_groups(table).items() if self.weights[bucket]
        }
        if alpha > 0 and not self._monolingual:
            raise InvalidInput(
                "alpha > 0 asks for monolingual batches, but no group has question and passage in one language."
            )
        if alpha < 1 and not self._cross:
            raise InvalidInput("alpha < 1 asks for cross-lingual batches, but no group has two languages.")

    def draw(self, seed: int, epoch: int = 0) -> Iterator[Batch]:
        """Yield batches without end; the same seed and epoch give the same batches."""
        rng = np.random.default_rng((seed, epoch))
        monolingual = {key: _Deck(len(pairs), rng) for key, pairs in self._monolingual.items()}
        cross = {bucket: _Deck(len(groups), rng) for bucket, groups in self._cross.items()}
        languages = sorted({language for _, language in self._monolingual})
        while True:
            if rng.random() < self.alpha:
                language = int(rng.choice(languages))
                bucket = self._choose([b for b, code in monolingual if code == language], rng)
                dealt = monolingual[bucket, language].deal(self.batch_size)
                yield self._monolingual_batch(bucket, language, dealt)
            else:
                bucket = self._choose(list(cross), rng)
                yield self._cross_lingual_batch(bucket, self._cross[bucket][cross[bucket].deal(self.batch_size)], rng)

    def _choose(self, buckets: list[int], rng: np.random.Generator) -> int:
        weights = self.weights[buckets]
        return int(rng.choice(buckets, p=weights / weights.sum()))

    def _monolingual_batch(self, bucket: int, language: int, dealt: np.ndarray) -> Batch:
        pairs = self._monolingual[bucket, language][dealt]
        pairs = pairs[self._first_of_equal(pairs[:, 2])]
        same = np.full(len(pairs), language)
        return Batch("monolingual", self.table.buckets[bucket], pairs[:, 0], pairs[:, 1], pairs[:, 2], same, same)

    def _cross_lingual_batch(self, bucket: int, groups: np.ndarray, rng: np.random.Generator) -> Batch:
        questions, passages = self.table.questions, self.table.passages
        q = np.zeros(len(groups), dtype=np.int64)
        p = np.zeros(len(groups), dtype=np.int64)
        left = np.arange(len(groups))
        # Drawing again where the languages (or texts) agree keeps the draw uniform over the pairs that differ.
        while len(left):
            q[left] = _one_entry(questions, groups[left], rng)
            p[left] = _one_entry(passages, groups[left], rng)
            bad = (questions.languages[q[left]] == passages.languages[p[left]]) | (
                questions.rows[q[left]] == passages.rows[p[left]]
            )
            left = left[bad]
        kept = self._first_of_equal(passages.rows[p])
        groups, q, p = groups[kept], q[kept], p[kept]
        return Batch(
            "cross-lingual", self.table.buckets[bucket], groups, questions.rows[q], passages.rows[p],
            questions.languages[q], passages.languages[p],
        )  # fmt: skip

    def _first_of_equal(self, rows: np.ndarray) -> np.ndarray:
        """Positions of the rows whose text does not stand earlier, in order."""
        return np.sort(np.unique(self.table.text_keys[rows], return_index=True)[1])


def _bucket_weights(table: PairTable, weights: Mapping[str, float] | None) -> np.ndarray:
    unknown = set(weights or ()) - set(table.buckets)
    if unknown:
        raise InvalidInput(f"No bucket is named {', '.join(sorted(unknown))}; there are {', '.join(table.buckets)}.")
    values = np.array([(weights or {}).get(name, 0.0 if weights else 1.0) for name in table.buckets])
    if (values < 0).any() or not values.any():
        raise InvalidInput(f"Bucket weights must be 0 or more and not all 0; got {dict(weights or {})}.")
    return values


def _one_entry(side: Side, groups: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    start, end = side.offsets[groups], side.offsets[groups + 1]
    return np.asarray(start + (rng.random(len(groups)) * (end - start)).astype(np.int64))


def _entry_groups(side: Side) -> np.ndarray:
    return np.repeat(np.arange(len(side.offsets) - 1), np.diff(side.offsets))


def _joined(table: PairTable) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Question entry, passage entry and group wherever both sides of a group have one language."""
    width = len(table.languages)
    asked, told = (_entry_groups(side) * width + side.languages for side in (table.questions, table.passages))
    _, q, p = np.intersect1d(asked, told, assume_unique=True, return_indices=True)
    return q, p, asked[q] // width


def _monolingual_pairs(table: PairTable) -> dict[tuple[int, int], np.ndarray]:
    """(bucket, language) → (n, 3) group, question row, passage row, at least two of them."""
    q, p, groups = _joined(table)
    rows = np.stack([groups, table.questions.rows[q], table.passages.rows[p]], axis=1)
    languages, buckets = table.questions.languages[q], table.bucket_of[groups]
    different = rows[:, 1] != rows[:, 2]
    pairs: dict[tuple[int, int], np.ndarray] = {}
    for bucket, language in np.unique(np.stack([buckets, languages], axis=1)[different], axis=0):
        chosen = rows[different & (buckets == bucket) & (languages == language)]
        if len(chosen) > 1:
            pairs[int(bucket), int(language)] = chosen
    return pairs


def _cross_lingual_groups(table: PairTable) -> dict[int, np.ndarray]:
    """Bucket → the groups that offer at least one pair of different languages and texts."""
    questions, passages = table.questions, table.passages
    offered = np.diff(questions.offsets) * np.diff(passages.offsets)
    q, p, groups = _joined(table)
    same_language = np.bincount(groups, minlength=table.n_groups)
    same_both = np.bincount(groups[questions.rows[q] == passages.rows[p]], minlength=table.n_groups)
    able = np.flatnonzero(offered > same_language + _same_text(table) - same_both)
    return {int(b): able[table.bucket_of[able] == b] for b in np.unique(table.bucket_of[able])}


def _same_text(table: PairTable) -> np.ndarray:
    """(n_groups,) number of question/passage pairs of a group that are one text, such as a name."""
    n_texts = len(table.texts)
    asked = np.bincount(table.questions.rows, minlength=n_texts)
    told = np.bincount(table.passages.rows, minlength=n_texts)
    group_of = np.zeros(n_texts, dtype=np.int64)
    group_of[table.questions.rows] = _entry_groups(table.questions)
    return np.bincount(group_of, weights=asked * told, minlength=table.n_groups).astype(np.int64)


class HybridBatchSampler(DefaultBatchSampler):  # type: ignore[misc]
    """`HybridBatches` as the batch sampler of a SentenceTransformerTrainer.

    Hand it over as `batch_sampler=functools.partial(HybridBatchSampler, batches=…)` with a
    `PairDataset` as the training set. One epoch has as many batches as the groups fill once.
    """

    def __init__(self, dataset: Any, batch_size: int, drop_last: bool, *, batches: HybridBatches, **rest: Any) -> None:
        super().__init__(dataset, batch_size=batch_size, drop_last=drop_last, **rest)
        self.batches = batches

    def __len__(self) -> int:
        return int(max(1, self.batches.table.n_groups // self.batch_size))

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        drawn = self.batches.draw(self.seed, self.epoch)
        for _, batch in zip(range(len(self)), drawn, strict=False):
            yield list(zip(batch.question_rows.tolist(), batch.passage_rows.tolist(), strict=True))
