"""The hybrid batch sampler of arXiv 2408.10536, section 2.2.

Every batch is monolingual with probability alpha: one language holds all questions and
passages. Otherwise it is cross-lingual: in each example the question's and the passage's
languages differ. alpha = 1 is the paper's X-X-mono, alpha = 0 its X-Y, alpha = 0.5 its
hybrid. LAReQA's X-X ("mixed") and En-En ("english") are there as baselines.

What the paper leaves open is decided so: the languages of a cross-lingual example are
uniform over the pairs its group offers; a group stands at most once in a batch, so that a
translation of the right passage never counts as a negative; a batch comes from one bucket
of sources, drawn by weight, because negatives of another kind teach little; a pair of
identical texts is never offered; a passage that stands in the batch already is left out
with its question, because it would be a negative to itself.

With several processes one draw is dealt out among them: all are in the same regime and
language at a step and never hold the same group.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from index.errors import InvalidInput
from training.pairs import PairTable
from training.pools import GroupPool, Pool, RejectionPool, cross_lingual_pools, monolingual_pools, same_language
from training.recipe import Stage

__all__ = ["Batch", "HybridBatches"]

_TOO_MANY_EMPTY_DRAWS = 1000


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch before it becomes text.

    regime: "monolingual", "cross-lingual" or the name of a baseline; bucket: name of the bucket.
    groups, question_rows, passage_rows: (n,) int; question_languages, passage_languages: (n,) int.
    """

    regime: str
    bucket: str
    groups: np.ndarray
    question_rows: np.ndarray
    passage_rows: np.ndarray
    question_languages: np.ndarray
    passage_languages: np.ndarray

    def __len__(self) -> int:
        return len(self.groups)

    def part(self, chosen: slice | np.ndarray) -> Batch:
        """Some examples of the batch."""
        names = ("groups", "question_rows", "passage_rows", "question_languages", "passage_languages")
        return replace(self, **{name: getattr(self, name)[chosen] for name in names})


@dataclass(frozen=True, slots=True)
class _Source:
    """A pool with the labels of the batches it gives; language: None when a batch has several."""

    regime: str
    bucket: int
    language: int | None
    pool: Pool


class _Deck:
    """Deals indices 0..n-1 in shuffled rounds, so that all come up before one comes twice."""

    def __init__(self, n: int, rng: np.random.Generator) -> None:
        self.n, self.rng = n, rng
        self.order = np.empty(0, dtype=np.int64)
        self.at = 0

    def deal(self, k: int) -> np.ndarray:
        """Up to k different indices; fewer at the end of a round, never an index twice."""
        if self.at >= len(self.order):
            self.order, self.at = self.rng.permutation(self.n), 0
        dealt = self.order[self.at : self.at + k]
        self.at += len(dealt)
        return dealt


class HybridBatches:
    """Draws the batches of a stage from a PairTable.

    batch_size: pairs per batch and process.
    Raises InvalidInput when a weight names no bucket, a pair no language of the data, or when
    no pair of a regime asked for exists.
    """

    def __init__(self, table: PairTable, batch_size: int, stage: Stage) -> None:
        if batch_size < 2:
            raise InvalidInput(f"The batch size is {batch_size}; in-batch negatives need at least 2.")
        self.table, self.batch_size, self.stage = table, batch_size, stage
        self._weights = _bucket_weights(table, stage.weights)
        wanted = [source for source in _sources(table, stage) if self._weights is None or self._weights[source.bucket]]
        self._monolingual = [source for source in wanted if source.regime == "monolingual"]
        self._others = [source for source in wanted if source.regime != "monolingual"]
        self._alpha = stage.alpha if stage.sampling == "hybrid" else 0.0
        if self._alpha > 0 and not self._monolingual:
            raise InvalidInput(
                "alpha > 0 asks for monolingual batches, but no two groups have question and passage in one language."
            )
        if self._alpha < 1 and not self._others:
            raise InvalidInput(_nothing_to_draw(stage))

    def draw(self, seed: int | np.random.SeedSequence, processes: int = 1) -> Iterator[list[Batch]]:
        """Yield one step's batches, one for each process, without end.

        The same seed gives the same batches. All batches of a step have the same length.
        """
        rng = np.random.default_rng(seed)
        decks: dict[int, _Deck] = {}
        empty = 0
        while empty < _TOO_MANY_EMPTY_DRAWS:
            source = self._choose(rng)
            deck = decks.setdefault(id(source), _Deck(len(source.pool), rng))
            drawn = self._batch(source, deck.deal(self.batch_size * processes), rng)
            length = len(drawn) // processes
            empty = 0 if length else empty + 1
            if length:
                yield [drawn.part(slice(n * length, (n + 1) * length)) for n in range(processes)]
        raise InvalidInput(
            f"No batch of {processes} different passages can be drawn for {processes} processes; give more data."
        )

    def _choose(self, rng: np.random.Generator) -> _Source:
        if rng.random() >= self._alpha:
            return self._choose_bucket(self._others, rng)
        sizes: dict[int, int] = {}
        for source in self._monolingual:
            assert source.language is not None
            sizes[source.language] = sizes.get(source.language, 0) + len(source.pool)
        chances = np.array(list(sizes.values()), dtype=float) ** self.stage.language_temperature
        language = rng.choice(list(sizes), p=chances / chances.sum())
        return self._choose_bucket([source for source in self._monolingual if source.language == language], rng)

    def _choose_bucket(self, sources: list[_Source], rng: np.random.Generator) -> _Source:
        if self._weights is None:
            chances = np.array([len(source.pool) for source in sources], dtype=float) ** self.stage.bucket_temperature
        else:
            chances = self._weights[[source.bucket for source in sources]]
        return sources[int(rng.choice(len(sources), p=chances / chances.sum()))]

    def _batch(self, source: _Source, items: np.ndarray, rng: np.random.Generator) -> Batch:
        table, pairs = self.table, source.pool.take(items, rng)
        rows = table.passages.rows[pairs.passages]
        # Of equal passages the first stays: the others would be negatives to their own question.
        first = np.sort(np.unique(table.text_keys[rows], return_index=True)[1])
        pairs = pairs[first]
        return Batch(
            source.regime, table.buckets[source.bucket], pairs.groups,
            table.questions.rows[pairs.questions], rows[first],
            table.questions.languages[pairs.questions], table.passages.languages[pairs.passages],
        )  # fmt: skip


def _sources(table: PairTable, stage: Stage) -> Iterator[_Source]:
    """Every pool the stage's sampling may draw from."""
    if stage.sampling == "english":
        english = table.languages.index("en") if "en" in table.languages else None
        for (bucket, language), pool in monolingual_pools(table).items():
            if language == english:
                yield _Source("english", bucket, language, pool)
    elif stage.sampling == "mixed":
        pairs = same_language(table)
        of_bucket = table.bucket_of[pairs.groups]
        for bucket in np.unique(of_bucket):
            yield _Source("mixed", int(bucket), None, GroupPool(pairs[of_bucket == bucket]))
    elif stage.sampling == "any":
        yield from _any_sources(table)
    else:
        if stage.alpha > 0:
            for (bucket, language), pool in monolingual_pools(table).items():
                yield _Source("monolingual", bucket, language, pool)
        if stage.alpha < 1:
            for bucket, crossed in cross_lingual_pools(table, _pair_codes(table, stage)).items():
                yield _Source("cross-lingual", bucket, None, crossed)


def _any_sources(table: PairTable) -> Iterator[_Source]:
    able = np.union1d(same_language(table).groups, np.concatenate([
        pool.groups for pool in cross_lingual_pools(table).values() if isinstance(pool, RejectionPool)
    ] or [np.empty(0, dtype=np.int64)]))  # fmt: skip
    for bucket in np.unique(table.bucket_of[able]):
        yield _Source("any", int(bucket), None, RejectionPool(table, able[table.bucket_of[able] == bucket], True))


def _pair_codes(table: PairTable, stage: Stage) -> list[tuple[int, int]]:
    missing = sorted({code for pair in stage.pairs for code in pair} - set(table.languages))
    if missing:
        raise InvalidInput(
            f"Stage {stage.name!r} asks for pairs with {', '.join(missing)}; the data has {', '.join(table.languages)}."
        )
    return [(table.languages.index(asked), table.languages.index(told)) for asked, told in stage.pairs]


def _nothing_to_draw(stage: Stage) -> str:
    if stage.sampling == "hybrid":
        listed = f" of the pairs {stage.pairs}" if stage.pairs else ""
        return f"alpha < 1 asks for cross-lingual batches{listed}, but no group has two languages for them."
    return f"sampling = {stage.sampling!r}: no group has question and passage in one language for it."


def _bucket_weights(table: PairTable, weights: Mapping[str, float] | None) -> np.ndarray | None:
    if weights is None:
        return None
    unknown = set(weights) - set(table.buckets)
    if unknown:
        raise InvalidInput(f"No bucket is named {', '.join(sorted(unknown))}; there are {', '.join(table.buckets)}.")
    values = np.array([weights.get(name, 0.0) for name in table.buckets])
    if (values < 0).any() or not values.any():
        raise InvalidInput(f"Bucket weights must be 0 or more and not all 0; got {dict(weights)}.")
    return values
