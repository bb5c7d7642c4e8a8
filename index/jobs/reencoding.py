"""A collection's passages encoded anew, by another encoder, in a version beside the live one.

Passages go in order of id, and an entry in the ledger says how far they have come. What is stored already, just
so, is not encoded again; after a kill everything is compared once more, because nobody has watched meanwhile.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing

import numpy as np

from index.backend import Block, PassageIndex
from index.catalog import Catalog, put_in_place
from index.collection import Collection
from index.encoder import Embedded, Encoder
from index.errors import Conflict, InvalidInput, NotFound
from index.jobs.ahead import ahead
from index.jobs.ledger import Ledger
from index.jobs.sifting import content_hash
from index.jobs.spec import JobSpec
from index.jobs.tally import Tally
from index.jobs.versions import begin_version, check_switch, pass_gate
from index.jobs.writing import JobStopped, Report
from index.lexical.hybrid import carry_words
from index.merging.chosen import MERGE_RULE
from index.merging.rules import parse_merge
from index.passages import Passage
from index.places import LocalPlace, Place
from index.settings import IndexSettings

__all__ = ["HANDED_OVER", "Reencoding", "match", "require_live"]

HANDED_OVER = "handed over"
"""The phase of a job whose new version is filled; the service that has the live one open does the rest."""

_AHEAD = 2

_Encoded = tuple[list[Passage], list[Passage], Embedded | None]
"""The passages of a block, those of them that are to be written, and the latter's vectors."""


def require_live(spec: JobSpec, place: Place, encoder: Encoder) -> str:
    """The collection whose passages are encoded anew.

    Raises NotFound when there is none, Conflict when the encoder has filled it already, InvalidInput outside a
    folder of this machine.
    """
    if not isinstance(place, LocalPlace):
        raise InvalidInput(
            "Only collections in a folder of this machine change their encoder in place. In Milvus, build a version "
            "beside the live one (isoglot index build --switch --encoder) and restart the service."
        )
    live = place.resolve(spec.collection)
    if not place.has(live):
        raise NotFound(f"There is no collection {spec.collection!r} to encode anew.", collection=spec.collection)
    with closing(place.open(live, {}, read_only=True)) as index:
        if index.facts().get("fingerprint") == encoder.fingerprint:
            raise Conflict(
                f"{spec.collection!r} is filled by the encoder {encoder.name!r} already; nothing is to be done.",
                collection=spec.collection,
            )
    return live


def match(source: PassageIndex, target: Collection, ids: list[str]) -> Tally:
    """Make the target hold of these passages what the source holds; returns what was written and removed."""
    there = source.get(ids)
    fresh = _differing(list(there.values()), target)
    if fresh:
        target.upsert(fresh)
    gone = [identity for identity in ids if identity not in there]
    tally = Tally(removed=target.delete(gone) if gone else 0)
    tally.add("written", (passage.language for passage in fresh))
    return tally


def _differing(passages: list[Passage], target: Collection) -> list[Passage]:
    stored = target.get([passage.id for passage in passages])
    mark = target.encoder.fingerprint
    return [p for p in passages if p.id not in stored or content_hash(p, mark) != content_hash(stored[p.id], mark)]


class Reencoding:
    """One run of such a job; `index.jobs.job.build` makes it.

    encoder: of the new version. hands_over: whether a service has the live version open, which it alone may
    write to; the job then ends before the changeover. Otherwise nobody else may write while it runs.
    """

    def __init__(
        self,
        spec: JobSpec,
        settings: IndexSettings,
        ledger: Ledger,
        encoder: Encoder,
        hands_over: bool,
        report: Report,
        stop: threading.Event,
    ) -> None:
        self.spec, self.settings, self.ledger, self.encoder = spec, settings, ledger, encoder
        self.hands_over, self.report, self.stop = hands_over, report, stop

    def run(self) -> None:
        """Fill the new version and, unless a service does that, put it in place."""
        place = self.settings.place()
        if place.resolve(self.spec.collection) == self.ledger.state.version:
            return  # killed behind the changeover
        with closing(Catalog(place, self.encoder, allowed=self.settings.languages)) as catalog:
            check_switch(self.spec, catalog)
            live = require_live(self.spec, place, self.encoder)
            if self.ledger.state.version is None:
                self.ledger.save(version=begin_version(self.spec, catalog))
            with closing(place.open(live, {}, read_only=self.hands_over)) as source:
                self._fill(source, catalog.create(str(self.ledger.state.version))[0])
        if not self.hands_over:
            put_in_place(place, self.spec.collection, live, str(self.ledger.state.version))

    def _fill(self, source: PassageIndex, target: Collection) -> None:
        goes_on = self.ledger.state.copied is not None
        with target.bulk():
            self._step("encoding")
            self._encode(source, target)
            if goes_on:
                self._step("comparing")
                self._compare(source, target)
            self._step("making it fast to search")
            carry_words(source, target.index)
            _carry_rule(source, target)
        if self.spec.gate:
            self._step("judging")
            reader = Catalog(
                self.settings.place(), self.encoder, read_only=True, encoders=self.settings.open_encoders()
            )
            with closing(reader):
                pass_gate(self.spec, reader, target, self.ledger)

    def _step(self, phase: str) -> None:
        self.ledger.save(phase=phase)
        self.report(self.ledger.state)

    def _encode(self, source: PassageIndex, target: Collection) -> None:
        total, before, started = sum(source.counts().values()), self.ledger.state.seconds, time.monotonic()
        with closing(ahead(self._encoded(source, target), _AHEAD)) as blocks:
            for passages, fresh, embedded in blocks:
                if fresh:
                    target.upsert(fresh, embedded)
                last = passages[-1].id
                tally = self.ledger.state.tally.plus(_counted(passages, fresh, embedded))
                done = min(1.0, tally.read / total) if total else 1.0
                seconds = before + time.monotonic() - started
                self.ledger.save(copied=last, tally=tally, seconds=seconds, fraction=done)
                self.report(self.ledger.state)

    def _encoded(self, source: PassageIndex, target: Collection) -> Iterator[_Encoded]:
        for block in self._stoppable(source.scan(self.ledger.state.copied, self.spec.batch)):
            fresh = _differing(block.passages, target)
            texts = [passage.searchable for passage in fresh]
            yield block.passages, fresh, self.encoder.embed(texts, "passage") if fresh else None

    def _compare(self, source: PassageIndex, target: Collection) -> None:
        """Once more from the beginning: what has been written, and what has vanished, while nobody watched."""
        for index in (source, target.index):
            for block in self._stoppable(index.scan(size=self.spec.batch)):
                changed = match(source, target, [passage.id for passage in block.passages])
                if changed.read or changed.removed:
                    self.ledger.save(tally=self.ledger.state.tally.plus(changed))
                    self.report(self.ledger.state)

    def _stoppable(self, blocks: Iterable[Block]) -> Iterator[Block]:
        for block in blocks:
            if self.stop.is_set():
                raise JobStopped("The job was stopped; the same command goes on.", job=self.ledger.state.id)
            yield block


def _carry_rule(source: PassageIndex, target: Collection) -> None:
    """Let the new version merge as the old one does; what the rule needs of the vectors is fitted anew."""
    if (rule := source.facts().get(MERGE_RULE)) is not None:
        target.set_merge(parse_merge(json.loads(rule)))


def _counted(passages: list[Passage], fresh: list[Passage], embedded: Embedded | None) -> Tally:
    tally = Tally(truncated=0 if embedded is None else int(np.count_nonzero(embedded.truncated)))
    written = {passage.id for passage in fresh}
    tally.add("written", (passage.language for passage in fresh))
    tally.add("skipped", (passage.language for passage in passages if passage.id not in written))
    return tally
