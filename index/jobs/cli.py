"""`isoglot index build`, `reencode`, `jobs` and `alias`."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from index.errors import Conflict, InvalidInput
from index.jobs import options

if TYPE_CHECKING:
    from index.aliases import Aliases
    from index.encoders import Encoders
    from index.jobs.spec import JobSpec
    from index.jobs.state import JobState
    from index.places import Place
    from index.settings import IndexSettings

__all__ = ["EXIT_REFUSED", "EXIT_REJECTED", "EXIT_STOPPED", "register"]

EXIT_REJECTED, EXIT_REFUSED, EXIT_STOPPED = 3, 4, 5

_errors = Console(stderr=True)


def register(app: typer.Typer) -> None:
    """Add the verbs to `isoglot index`."""
    app.command("build")(build_collection)
    app.command("reencode")(reencode)
    app.command("jobs")(jobs)
    app.command("alias")(alias)


def build_collection(
    sources: options.Sources,
    collection: options.Collection,
    sync: options.Sync = False,
    switch: options.Switch = False,
    gate: options.Gate = None,
    bound: options.Bound = 0.02,
    distance_bound: options.DistanceBound = 50,
    live_encoder: options.LiveEncoder = None,
    column: options.Column = None,
    metadata: options.Metadata = None,
    language: options.Language = None,
    split: options.Split = None,
    length: options.Length = 800,
    overlap: options.Overlap = 100,
    batch: options.Batch = 1024,
    engine: options.Engine = "local",
    strict: options.Strict = False,
    as_json: options.AsJson = False,
    data: options.Data = None,
    encoder: options.Encoder = None,
) -> None:
    """Index a pile of files; goes on after a kill with the same command, skips what is stored already.

    Rejected rows go to DATA/jobs/JOB/rejected.jsonl with line, reason and language.

    Exit codes: 0 done; 1 an error, told; 2 a wrong command line; 3 done, with rejected rows (--strict);
    4 the gate refused the switch; 5 stopped by Ctrl-C or SIGTERM, the same command goes on.

    Examples:
    `isoglot index build passages.jsonl.gz more.parquet --collection docs --column text=body`

    `isoglot index build handbook/ -c docs --gate questions.jsonl`
    """
    from index.jobs.spec import JobSpec
    from index.languages import language_code
    from index.readers.columns import Columns
    from index.settings import IndexSettings

    settings = IndexSettings.load(data=data, encoder=encoder)
    columns = Columns.parse(column or [], metadata or [], language_code(language) if language else None)
    spec = JobSpec.load(
        sources=sources, collection=collection, columns=columns, split=split, length=length, overlap=overlap,
        sync=sync, switch=switch or gate is not None, gate=None if gate is None else str(gate), bound=bound,
        distance_bound=distance_bound, live_encoder=live_encoder, engine=engine, batch=batch,
    )  # fmt: skip
    encoders = settings.open_encoders() if encoder is None else None  # one that is asked for is that one
    raise typer.Exit(_run_and_show(spec, settings, strict, as_json, encoders))


def reencode(
    collection: Annotated[str, typer.Argument(help="Collection, or alias, whose passages are encoded anew.")],
    encoder: Annotated[str, typer.Option("--encoder", help="Encoder folder, bundled name or hub id to change to.")],
    gate: options.Gate = None,
    bound: options.Bound = 0.02,
    distance_bound: options.DistanceBound = 50,
    live_encoder: options.LiveEncoder = None,
    batch: options.Batch = 1024,
    as_json: options.AsJson = False,
    data: options.Data = None,
) -> None:
    """Change a collection's encoder: its passages are encoded anew in a version beside it, which then takes its place.

    Searches go on with the old encoder until then; the old version stays (`isoglot index alias COLLECTION --rollback`).
    Goes on after a kill with the same command. Nobody else may write to the collection while this runs; a service
    that has it open is given the job itself: `POST /jobs`.

    Exit codes: as of `isoglot index build`.

    Example: `isoglot index reencode docs --encoder intfloat/multilingual-e5-small`
    """
    from index.jobs.spec import JobSpec
    from index.settings import IndexSettings

    spec = JobSpec.load(
        kind="reencode", collection=collection, encoder=encoder, gate=None if gate is None else str(gate), bound=bound,
        distance_bound=distance_bound, live_encoder=live_encoder, batch=batch,
    )  # fmt: skip
    raise typer.Exit(_run_and_show(spec, IndexSettings.load(data=data), False, as_json))


def _run_and_show(
    spec: JobSpec, settings: IndexSettings, strict: bool, as_json: bool, encoders: Encoders | None = None
) -> int:
    """Run the job and show its end; returns the exit code. encoders: as of `build`."""
    last: list[JobState] = []
    code = _run(spec, settings, as_json, last, encoders)
    if last:
        _end(last[0], settings, as_json)
    rejected = bool(last) and last[0].tally.rejected.total() > 0
    return EXIT_REJECTED if code == 0 and strict and rejected else code


def _run(spec: JobSpec, settings: IndexSettings, as_json: bool, last: list[JobState], encoders: Encoders | None) -> int:
    """Run the job and keep its last state; returns the exit code, other errors pass through."""
    from index.jobs.gate import GateRefused
    from index.jobs.job import build
    from index.jobs.progress import display
    from index.jobs.writing import JobStopped

    with display(as_json, _errors) as shown, _stopping() as stop:

        def report(state: JobState) -> None:
            """Show a state and keep it."""
            last[:] = [state]
            shown(state)

        try:
            build(spec, settings, report, stop, encoders=encoders)
        except GateRefused as error:
            _errors.print(error.message, soft_wrap=True, highlight=False)
            return EXIT_REFUSED
        except JobStopped as error:
            _errors.print(error.message, soft_wrap=True, highlight=False)
            return EXIT_STOPPED
    return 0


def _end(state: JobState, settings: IndexSettings, as_json: bool) -> None:
    from index.jobs.dead_letters import LETTERS
    from index.jobs.job import FOLDER
    from index.jobs.progress import show_end

    if as_json:
        typer.echo(json.dumps(state.shown(), ensure_ascii=False))
    else:
        show_end(state, str(settings.data / FOLDER / state.id / LETTERS), Console())


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """An event the first SIGINT or SIGTERM sets; a second one ends the process at once."""
    stop = threading.Event()

    def ask(number: int, _: object) -> None:
        """Finish the batch in hand first."""
        if stop.is_set():
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def jobs(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False, data: options.Data = None
) -> None:
    """List jobs, latest first."""
    from rich.table import Table

    from index.jobs.listing import states
    from index.settings import IndexSettings

    found = states(IndexSettings.load(data=data))
    if as_json:
        typer.echo(json.dumps([state.shown() for state in found], ensure_ascii=False, indent=2))
        return
    table = Table()
    for heading in ("job", "status", "read", "written", "skipped", "rejected", "updated"):
        # A name that is cut short cannot be handed to anything.
        table.add_column(heading, no_wrap=heading == "job", overflow="fold")
    for state in found:
        counts = (
            state.tally.read,
            *(c.total() for c in (state.tally.written, state.tally.skipped, state.tally.rejected)),
        )
        table.add_row(state.id, state.status, *(f"{count:,}" for count in counts), state.updated)
    Console().print(table)


def alias(
    name: Annotated[str | None, typer.Argument(help="The alias; none lists all.")] = None,
    collection: Annotated[str | None, typer.Argument(help="The collection it shall point to.")] = None,
    rollback: Annotated[bool, typer.Option("--rollback", help="Point it to where it pointed before.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Remove the alias, not the collection.")] = False,
    data: options.Data = None,
) -> None:
    """List aliases, move one in one step, roll it back or remove it.

    Examples: `isoglot index alias docs docs-2026-11-20`, `isoglot index alias docs --rollback`
    """
    from index.catalog import collection_name
    from index.settings import IndexSettings

    if sum((collection is not None, rollback, remove)) > 1:
        raise Conflict("Give one of a collection, --rollback and --remove.")
    with closing(IndexSettings.load(data=data).place()) as place:
        if name and collection:
            place.set_alias(collection_name(name), collection_name(collection))
        elif name and rollback:
            _history(place).roll_back(name)
        elif name and remove:
            place.drop_alias(name)
        before = {known: facts.previous for known, facts in _history(place).all().items()} if _is_local(place) else {}
        for known, target in place.aliases().items():
            earlier = f"   before: {', '.join(before[known])}" if before.get(known) else ""
            typer.echo(f"{known} → {target}{earlier}")


def _is_local(place: Place) -> bool:
    from index.places import LocalPlace

    return isinstance(place, LocalPlace)


def _history(place: Place) -> Aliases:
    from index.places import LocalPlace

    if not isinstance(place, LocalPlace):
        raise InvalidInput("Milvus keeps no history of its aliases; name the collection to point back to.")
    return place.history
