"""A collection: an encoder and the index of the passages it encoded.

Where passages and vectors live is the backend's affair (`index/backend.py`): a folder of this
machine (`index/local/`) or an engine elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection as Collected
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from index.answer import Answer, Hit
from index.backend import PassageIndex
from index.bias import BiasReport, Reporter, Running, language_shares
from index.checks import checked_vectors
from index.encoder import Embedded, Encoder
from index.filters import require_fields
from index.finding import Finder
from index.languages import decide_language, language_codes
from index.lexical.hybrid import channel_of, hybrid
from index.local.index import LocalIndex
from index.making import making_of, require_encoder
from index.merging.chosen import ChosenRule
from index.merging.keeping import Corrections
from index.merging.merge import Merge
from index.merging.rules import SCORE, require_languages
from index.passages import Passage, require_unique
from index.question import Mode, Question, Scope
from index.reranker import Reranker, require_reranker
from index.write_gate import WriteGate

__all__ = ["Added", "Collection"]


@dataclass(frozen=True, slots=True)
class Added:
    """What an upsert stored: passages by language, and the ids of those the encoder cut short."""

    by_language: dict[str, int]
    truncated: list[str]


class Collection:
    """One collection, open.

    allowed: closed list of languages for detecting a query's language; None means any.
    reranker: for questions that ask for one; None refuses them.
    Raises EncoderMismatch when another encoder filled the index, which is closed then.
    """

    def __init__(
        self,
        index: PassageIndex,
        encoder: Encoder,
        allowed: Collected[str] | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        self.index, self.encoder, self.allowed, self.reranker = index, encoder, allowed, reranker
        self.running = Running()
        self.corrections = Corrections(index, encoder.fingerprint)
        self._rule = ChosenRule(index)
        self.gate = WriteGate(index.name)
        self._finder = Finder(index, self.corrections, Reporter(index.means, index.sample))
        try:
            require_encoder(index, encoder)
        except BaseException:
            index.close()
            raise

    @classmethod
    def open(
        cls, folder: Path, encoder: Encoder, read_only: bool = False, allowed: Collected[str] | None = None
    ) -> Self:
        """The collection in a folder of this machine, made when absent unless read_only.

        Raises CollectionInUse when another process writes to it, EncoderMismatch when another
        encoder filled it, DamagedCollection when its database is not sound, NotFound when it is
        absent and read_only.
        """
        return cls(LocalIndex(folder, making_of(encoder), read_only), encoder, allowed)

    @property
    def name(self) -> str:
        """The collection's name."""
        return self.index.name

    def counts(self) -> dict[str, int]:
        """Language → number of passages."""
        return self.index.counts()

    def info(self) -> dict[str, Any]:
        """How it is stored, what recall it promises and what was measured."""
        return self.index.info()

    @property
    def merge(self) -> Merge:
        """The rule for searches that name none: raw scores unless one was set."""
        return self._rule.get()

    def set_merge(self, merge: Merge | None) -> None:
        """Set the rule for searches that name none, on disk on return, fitted if it must be; None goes back to scores.

        Raises UnknownLanguage when the rule names a language in which there is no passage.
        """
        require_languages(merge or SCORE, self.counts())
        if merge is not None and merge.needs_fitting:
            self.corrections.statistics(None, needs_fitting=True)
        self._rule.set(merge)

    def get(self, ids: Sequence[str]) -> dict[str, Passage]:
        """Passages by id; ids that are not there are left out."""
        return self.index.get(ids)

    def upsert(self, passages: Sequence[Passage], embedded: Embedded | None = None) -> Added:
        """Store passages, replacing those whose id is known; all or none, durable when this returns.

        embedded: the passages' `searchable` texts as this collection's encoder embeds them; None encodes them here.
        Raises InvalidInput for an id given twice, CollectionMoved when a version of another encoder has replaced this.
        """
        require_unique(passage.id for passage in passages)
        if not passages:
            return Added({}, [])
        embedded = embedded or self.encoder.embed([passage.searchable for passage in passages], "passage")
        vectors = checked_vectors(embedded.vectors, len(passages), self.encoder.dimension)
        with self.gate.writing([passage.id for passage in passages]):
            self.index.upsert(passages, vectors)
        cut = [passage.id for passage, is_cut in zip(passages, embedded.truncated, strict=True) if is_cut]
        return Added(dict(sorted(Counter(passage.language for passage in passages).items())), cut)

    def bulk(self) -> AbstractContextManager[None]:
        """For writing many batches: what makes searching fast may wait until this ends, which may take minutes."""
        return self.index.bulk()

    def delete(self, ids: Sequence[str]) -> int:
        """Remove passages by id and return how many there were; raises CollectionMoved as `upsert` does."""
        with self.gate.writing(ids):
            return self.index.delete(ids)

    def search(
        self,
        query: str,
        k: int = 10,
        languages: Sequence[str] | None = None,
        query_language: str | None = None,
        where: dict[str, Any] | None = None,
        bias: bool = False,
        mode: Mode = "dense",
        rerank: bool = False,
        merge: Merge | None = None,
    ) -> Answer:
        """Find the k passages nearest to a query, whatever its language and theirs; see `answer`."""
        return self.answer([Question(query, k, languages, query_language, where, bias, mode, rerank, merge=merge)])[0]

    def answer(self, questions: Sequence[Question], embedded: Embedded | None = None) -> list[Answer]:
        """Answer several questions; those of equal scope are searched together.

        embedded: the queries as this collection's encoder embeds them; None encodes them here.
        Raises InvalidInput for a blank query, k out of range or a filter that cannot be understood,
        UnknownLanguage for a code that is not BCP 47 or in which the collection has no passage. In mode "lexical" or
        "hybrid" also InvalidInput while lexical search is off, Conflict until it is built.
        """
        counts = self.index.counts()
        scopes = [question.scope() for question in questions]
        for scope in dict.fromkeys(scopes):
            self._require_known(scope, counts)
        if any(question.rerank for question in questions):
            require_reranker(self.reranker)
        for merge in dict.fromkeys(question.merge for question in questions):
            require_languages(merge or SCORE, counts)
        rules = [SCORE if q.mode == "lexical" else q.merge or self.merge for q in questions]
        asked = [decide_language(q.query, q.query_language, self.allowed) for q in questions]
        embedded = embedded or self.encoder.embed([question.query for question in questions], "query")
        vectors = checked_vectors(embedded.vectors, len(questions), self.encoder.dimension)
        found: list[tuple[list[Hit], BiasReport | None]] = [([], None) for _ in questions]
        dense = [row for row, question in enumerate(questions) if question.mode != "lexical"]
        kinds = list(zip(scopes, rules, (question.bias for question in questions), strict=True))
        for kind in dict.fromkeys(kinds[row] for row in dense):
            rows = [row for row in dense if kinds[row] == kind]
            codes = [asked[row].code for row in rows]
            for row, each in zip(rows, self._finder.find(np.take(vectors, rows, axis=0), codes, *kind), strict=True):
                found[row] = each
        answers = []
        for row, (hits, report) in enumerate(found):
            searched = list(counts) if scopes[row].languages is None else list(scopes[row].languages or ())
            hits = self._by_words(questions[row], vectors[row], hits, searched)
            if questions[row].rerank:
                reordered = require_reranker(self.reranker).reorder(
                    questions[row].query, hits, questions[row].rerank_candidates
                )
                hits = reordered[: questions[row].k]
            if questions[row].bias and (questions[row].rerank or questions[row].mode != "dense"):
                report = self._finder.report(vectors[row], hits, scopes[row])
            pool = {code: counts[code] for code in searched}
            shares = language_shares([hit.passage.language for hit in hits], pool)
            is_cut = bool(embedded.truncated[row])
            answers.append(Answer(hits, asked[row], searched, shares, is_cut, report, questions[row].mode, rules[row]))
        return answers

    def _by_words(self, question: Question, vector: np.ndarray, hits: list[Hit], searched: list[str]) -> list[Hit]:
        """The hits of the vectors as the question's mode has them."""
        scope = question.scope()
        if question.mode == "lexical":
            return channel_of(self.index).search(question.query, vector, scope.k, searched, scope.where)
        return hybrid(self.index, question.query, vector, scope, hits) if question.mode == "hybrid" else hits

    def _require_known(self, scope: Scope, counts: dict[str, int]) -> None:
        language_codes(scope.languages or (), counts)
        if scope.where:
            require_fields(scope.where, self.index.fields())

    def close(self) -> None:
        """Let go of the index; everything acknowledged is durable already."""
        self.corrections.close()
        self.index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
