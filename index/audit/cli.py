"""`isoglot audit`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from index.audit import DEPTH
from index.demo import DEMO
from index.errors import CollectionInUse, InvalidInput

if TYPE_CHECKING:
    from index.audit.questions import ParallelQuestion
    from index.audit.result import Audit
    from index.encoder import Encoder
    from index.encoders import Encoders
    from index.merging import Merge
    from index.settings import IndexSettings

__all__ = ["audit_collection"]

errors = Console(stderr=True)


def audit_collection(
    questions: Annotated[
        Path | None, typer.Argument(help="JSON lines of parallel questions; the demo collection brings its own.")
    ] = None,
    collection: Annotated[str, typer.Option("--collection", "-c", help="Name of the collection.")] = DEMO,
    rules: Annotated[
        str | None, typer.Option(help="Merge rules to weigh, such as centred,lir; default: all that need no choice.")
    ] = None,
    most: Annotated[int, typer.Option("--sample", min=1, help="Questions asked at most, drawn at random.")] = 300,
    depth: Annotated[int, typer.Option(help="Hits looked at for each question, 10 to 1000.")] = DEPTH,
    report: Annotated[Path | None, typer.Option(help="HTML report to write.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder that holds the collections; default ISOGLOT_DATA.")
    ] = None,
    encoder: Annotated[
        str | None, typer.Option("--encoder", help="Encoder folder or bundled name; default ISOGLOT_ENCODER.")
    ] = None,
) -> None:
    """Ask a collection the same questions in several languages, and see whom it favours.

    Tells how far answers depend on the language asked in, which languages start ahead, and what each merge rule
    would do to relevance and evenness, with a recommendation. The last audit of each collection is kept: the
    service shows it, and measures drift against it.

    A line: `{"id": "t1", "questions": {"en": "…", "th": "…"}, "relevant": ["tides.en", "tides.th"]}`; `relevant`,
    the ids of the passages that answer it, may be left out.

    Examples: `isoglot audit` (the demo collection)

    `isoglot audit questions.jsonl --collection docs --report audit.html`
    """
    from index.audit.questions import sample
    from index.audit.report import html
    from index.merging import parse_merge
    from index.settings import IndexSettings

    asked = sample(_questions(questions, collection), most)
    chosen = None if rules is None else [parse_merge(rule.strip()) for rule in rules.split(",")]
    settings = IndexSettings.load(data=data, encoder=encoder)
    found = _audited(settings, settings.encoders_for(encoder), collection, asked, chosen, depth)
    if report is not None:
        report.write_text(html(found), encoding="utf-8")
        errors.print(f"Report: {report}")
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        _show(found)


def _audited(
    settings: IndexSettings,
    loaded: tuple[Encoder, Encoders | None],
    name: str,
    asked: list[ParallelQuestion],
    rules: list[Merge] | None,
    depth: int,
) -> Audit:
    """The audit, kept for the page and, unless somebody else writes there, as what drift is measured from."""
    from index.audit import kept
    from index.audit.audit import audit, baseline_of
    from index.catalog import Catalog, open_to_read

    encoder, encoders = loaded
    reader = Catalog(settings.place(), encoder, read_only=True, allowed=settings.languages, encoders=encoders)
    with closing(reader), _shown() as progress:
        found = audit(open_to_read(reader, name), asked, rules, depth, progress)
    kept.keep(settings.data, found)
    try:
        with closing(Catalog(settings.place(), encoder, encoders=encoders)) as writer:
            baseline_of(found).save(writer.get(name).index)
    except CollectionInUse:
        errors.print(
            "Another process writes to this collection; only its own POST /audit sets what drift is measured from."
        )
    return found


def _questions(path: Path | None, collection: str) -> list[ParallelQuestion]:
    from index.audit.questions import demo, read_questions

    if path is not None:
        return read_questions(path)
    if collection != DEMO:
        raise InvalidInput(f"Give a file of parallel questions to ask collection {collection!r}.")
    return demo()


@contextmanager
def _shown() -> Iterator[Callable[[str, int, int], None]]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, disable=not errors.is_terminal) as progress:
        tasks: dict[str, int] = {}

        def tell(rule: str, done: int, total: int) -> None:
            """Move the rule's bar, drawn when first heard of."""
            if rule not in tasks:
                tasks[rule] = progress.add_task(rule, total=total)
            progress.update(tasks[rule], completed=done)  # type: ignore[arg-type]

        yield tell


def _show(found: Audit) -> None:
    from rich.table import Table

    from index.audit.measuring import MEASURES

    names = [name for name in MEASURES if name in found.rules[0].measures]
    asked = f"{found.questions:,} questions in {len(found.query_languages)} languages"
    table = Table(title=f"{asked}, collection {found.collection!r}")
    table.add_column("rule", no_wrap=True)
    for name in names:
        table.add_column(name.replace("_", " "), justify="right")
    for rule in found.rules:
        style = "bold" if rule.rule == found.recommendation else None
        table.add_row(rule.rule, *(f"{rule.measures[name].mean:.4g}" for name in names), style=style)
    console = Console()
    console.print(table)
    console.print(found.sentence, soft_wrap=True)
