"""A job from beginning to end: the code behind `isoglot index build` and `POST /jobs`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager

from index.catalog import Catalog, collection_name
from index.collection import Collection
from index.encoder import Encoder
from index.encoders import Encoders
from index.errors import InvalidInput, IsoglotError
from index.jobs.ahead import ahead
from index.jobs.checking import Checker
from index.jobs.dead_letters import LETTERS, DeadLetters
from index.jobs.gate import GateRefused
from index.jobs.ledger import Ledger
from index.jobs.reading import Item, group, read
from index.jobs.reencoding import HANDED_OVER, Reencoding
from index.jobs.sifting import Batch, Sifter
from index.jobs.spec import JobSpec
from index.jobs.state import JobState
from index.jobs.tally import Tally
from index.jobs.versions import begin_version, check_switch, copy_live, pass_gate
from index.jobs.writing import JobStopped, Report, encode, write
from index.readers import Source, open_source
from index.settings import IndexSettings

__all__ = ["FOLDER", "Job", "build", "plan", "told"]

FOLDER = "jobs"
"""Below the data folder: one folder per job."""

_AHEAD = 2
"""Batches a stage may be ahead of the next: enough to keep the encoder busy, and a bound on memory."""


def plan(spec: JobSpec, settings: IndexSettings) -> tuple[JobState, list[Source]]:
    """The state a job begins with, and its sources; raises NotFound or InvalidInput for sources that are none."""
    collection_name(spec.collection)
    sources = [open_source(name, spec.columns) for name in spec.sources]
    key = spec.key(settings.encoder, [source.stamp() for source in sources])
    return JobState(id=f"{spec.collection}-{key[:12]}", key=key, spec=spec), sources


def build(
    spec: JobSpec,
    settings: IndexSettings,
    report: Report = lambda _: None,
    stop: threading.Event | None = None,
    catalog: Catalog | None = None,
    encoders: Encoders | None = None,
    hands_over: bool = False,
) -> JobState:
    """Run a job, or go on with it, and return its last state.

    report: is told the state after each batch and at each step. stop: when set, the job ends after the batch
    in hand. catalog: where the collection is open for writing already; None opens one for the job. encoders: those
    that collections may have, and a `reencode` may change to; None takes the one that is set, or named, alone.
    hands_over: whether a service puts the new version of a `reencode` in place.
    Raises JobRunning, JobStopped, GateRefused, and what reading, encoding and writing raise.
    """
    state, sources = plan(spec, settings)
    stop = stop or threading.Event()
    with closing(Ledger(settings.data / FOLDER / state.id, state)) as ledger:
        ledger.save(status="running", phase="opening", spec=spec, error=None, note=None)
        with told(ledger, report):
            if spec.kind == "reencode":
                encoder = _named(str(spec.encoder), settings, encoders)
                Reencoding(spec, settings, ledger, encoder, hands_over, report, stop).run()
            else:
                _build(spec, settings, ledger, sources, report, stop, catalog, encoders)
        if hands_over:
            ledger.save(status="queued", phase=HANDED_OVER)
        else:
            ledger.save(status="done", phase="", fraction=1.0)
        report(ledger.state)
        return ledger.state


def _named(name: str, settings: IndexSettings, encoders: Encoders | None) -> Encoder:
    if encoders is not None:
        return encoders.named(name)
    return settings.model_copy(update={"encoder": name}).load_encoder()


def _build(
    spec: JobSpec,
    settings: IndexSettings,
    ledger: Ledger,
    sources: list[Source],
    report: Report,
    stop: threading.Event,
    catalog: Catalog | None,
    encoders: Encoders | None,
) -> None:
    is_ours = catalog is None
    with ExitStack() as opened:
        if catalog is None:
            encoder = settings.load_encoder() if encoders is None else encoders.default
            made = Catalog(settings.place(), encoder, allowed=settings.languages, encoders=encoders)
            catalog = opened.enter_context(closing(made))
        Job(spec, settings, ledger, sources, catalog, is_ours, report, stop).run()
    if spec.switch:
        # Only now, closed: a service that is sent to the new version opens it for writing.
        with closing(settings.place()) as place:
            place.set_alias(spec.collection, str(ledger.state.version))


@contextmanager
def told(ledger: Ledger, report: Report) -> Iterator[None]:
    """Enter in the ledger, and report, what ends the job inside; it is raised all the same."""
    try:
        yield
    except BaseException as error:
        ledger.save(status=_status(error), phase="", error=_told(error))
        report(ledger.state)
        raise


def _status(error: BaseException) -> str:
    if isinstance(error, JobStopped | KeyboardInterrupt):
        return "stopped"
    return "refused" if isinstance(error, GateRefused) else "failed"


def _told(error: BaseException) -> str:
    return error.message if isinstance(error, IsoglotError) else f"{type(error).__name__}: {error}"


class Job:
    """One run of a job; `build` makes it. is_ours: whether nobody else has the catalog's collections open."""

    def __init__(
        self,
        spec: JobSpec,
        settings: IndexSettings,
        ledger: Ledger,
        sources: list[Source],
        catalog: Catalog,
        is_ours: bool,
        report: Report,
        stop: threading.Event,
    ) -> None:
        self.spec, self.settings, self.ledger, self.sources = spec, settings, ledger, sources
        self.catalog, self.is_ours, self.report, self.stop = catalog, is_ours, report, stop

    def run(self) -> None:
        """All steps but the switch, each of which can be repeated."""
        check_switch(self.spec, self.catalog)
        if any(source.stamp() is None for source in self.sources):
            self.ledger.restart()  # a stream is not where it was; what is stored will be skipped
        if self.ledger.state.version is None:
            self.ledger.save(version=begin_version(self.spec, self.catalog))
        target, _ = self.catalog.create(str(self.ledger.state.version))
        reader = Catalog(self.settings.place(), self.catalog.encoder, read_only=True, allowed=self.catalog.allowed)
        with closing(reader):
            self._fill(target, reader)
            if self.spec.sync or self.spec.switch:
                self._step("removing what vanished")
                self._remove_vanished(target)
            if self.spec.gate:
                self._step("judging")
                pass_gate(self.spec, reader, target, self.ledger)

    def _fill(self, target: Collection, reader: Catalog) -> None:
        """Copy, read, encode and write; what makes searching fast waits for the end.

        It would take the encoder's cores, and again for each size the collection passes. In a collection that
        others search meanwhile it does not wait.
        """
        with ExitStack() as sealing:
            if self.is_ours:
                sealing.enter_context(target.bulk())
            if self.spec.switch:
                self._step("copying the live version")
                copy_live(self.spec, reader, target, self.ledger)
            self._step("indexing")
            self._index(target)
            self._step("making it fast to search")

    def _step(self, phase: str) -> None:
        self.ledger.save(phase=phase)
        self.report(self.ledger.state)

    def _index(self, target: Collection) -> None:
        sifter = Sifter(target, self.ledger, self.sources)
        pending = self.ledger.state.pending
        groups = group(self._items(target), self.spec.batch, pending.end if pending else None)
        batches = ahead(encode(ahead(sifter.sift(groups), _AHEAD), target.encoder), _AHEAD)
        letters = DeadLetters(self.ledger.folder, self.ledger.state.letters)
        with closing(letters), closing(batches):
            write(batches, target, self.ledger, letters, sifter, self._fraction(), self.report, self.stop)

    def _items(self, target: Collection) -> Iterator[Item]:
        checker = Checker(self.spec, self.settings.languages)
        if self.spec.engine == "ray":
            if target.encoder is not self.catalog.encoder:
                raise InvalidInput("With Ray, a collection's encoder must be the one that is set (ISOGLOT_ENCODER).")
            from index.jobs.ray_engine import read_and_encode

            return read_and_encode(self.spec, self.settings, target, self.ledger.state.position)
        return read(self.sources, checker, self.ledger.state.position)

    def _fraction(self) -> Callable[[Batch], float | None]:
        sizes = [source.size() for source in self.sources]
        if any(size is None for size in sizes) or not sum(size or 0 for size in sizes):
            return lambda _: None
        before = [sum(size or 0 for size in sizes[:number]) for number in range(len(sizes) + 1)]
        return lambda batch: min(1.0, (before[batch.end.source] + batch.at) / before[-1])

    def _remove_vanished(self, target: Collection) -> None:
        """Delete what no row holds; nothing at all when there are rows whose ids could not be read."""
        if unread := self.ledger.state.tally.unidentified:
            note = (
                f"Nothing was removed: {unread:,} rejected rows have no id that can be read, so what vanished cannot "
                f"be told from what is broken. Mend them ({self.ledger.folder / LETTERS}) and run again."
            )
            self.ledger.save(note=note)
            return
        for block in target.index.scan():
            if self.stop.is_set():
                raise JobStopped("The job was stopped; the same command goes on.", job=self.ledger.state.id)
            ids = [passage.id for passage in block.passages]
            there = self.ledger.seen(ids, good=False)
            if gone := [identity for identity in ids if identity not in there]:
                removed = Tally(removed=target.delete(gone))
                self.ledger.save(tally=self.ledger.state.tally.plus(removed))
