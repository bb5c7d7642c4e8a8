"""The resumable job: read the groups, translate what is missing, filter, write the groups.

Beside `OUT.jsonl` lie `OUT.journal.sqlite` (everything translated so far), `OUT.rejected.jsonl` (what the filters
dropped, with its reason) and `OUT.report.json` (counts). The filters work on the way from the journal to the output:
nothing they drop is lost or translated again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from index.errors import Conflict, InvalidInput, IsoglotError, StorageUnavailable
from index.languages import language_code, language_codes
from training.groups import Group, read_groups, write_groups
from training.pace import pace
from training.translation.engine import Engine, TranslationStopped
from training.translation.filters import Reason, fault, normalised_key
from training.translation.journal import Journal, open_journal
from training.translation.report import TranslationReport

__all__ = ["translate_groups"]

_GROUPS_AT_ONCE = 2000
_FIELDS = ("questions", "passages")


@dataclass(frozen=True, slots=True)
class _Job:
    """engines: target → its number in the journal."""

    groups: Path
    out: Path
    engine: Engine
    journal: Journal
    engines: dict[str, int]


def translate_groups(groups: Path, out: Path, engine: Engine, targets: Sequence[str]) -> TranslationReport:
    """Write the groups of a file again, with their questions and passages in further languages.

    groups: `.jsonl` or `.parquet`. out: `.jsonl`, written in one go at the end.
    targets: language codes (BCP 47); a question or passage that has one keeps its text.
    Raises TranslationStopped when the engine fails or Ctrl-C comes: called again, it goes on. Raises InvalidInput,
    UnknownLanguage, MalformedLine or Conflict before anything is translated.
    """
    checked = _checked(groups, out, engine.source, targets)
    engine.check(checked)
    identities = {target: engine.identity(target) for target in checked}
    with open_journal(out.with_suffix(".journal.sqlite")) as journal:
        numbers = {target: journal.engine(name, engine.source, target) for target, name in identities.items()}
        job = _Job(groups, out, engine, journal, numbers)
        count = _register(job)
        _translate_pending(job)
        return _write(job, TranslationReport(engine.source, identities), count)


def _checked(groups: Path, out: Path, source: str, targets: Sequence[str]) -> list[str]:
    codes = language_codes(targets)
    if not codes:
        raise InvalidInput("Name at least one language to translate into: --to de,ar,th.")
    if language_code(source) in codes:
        raise InvalidInput(f"{source!r} is the language translated from; leave it out of --to.", given=source)
    if out.suffix != ".jsonl" or out.resolve() == groups.resolve():
        raise InvalidInput(f"--out must name a new .jsonl file, not {out}.", given=str(out))
    if out.exists() and not out.with_suffix(".journal.sqlite").exists():
        raise Conflict(f"{out} exists and this job did not write it; choose another --out.", path=str(out))
    out.parent.mkdir(parents=True, exist_ok=True)
    return codes


def _register(job: _Job) -> int:
    """Note in the journal every text that lacks one of the languages; return the number of groups."""
    rows: list[tuple[int, str]] = []
    found, count = False, 0
    with pace("Reading", None, "groups") as advance:
        for count, group in enumerate(read_groups(job.groups), start=1):
            for name in _FIELDS:
                texts: dict[str, str] = getattr(group, name)
                if text := texts.get(job.engine.source):
                    found = True
                    _require_text(text, group.id)
                    rows += ((number, text) for target, number in job.engines.items() if target not in texts)
            if count % _GROUPS_AT_ONCE == 0:
                job.journal.want(rows)
                rows.clear()
                advance(_GROUPS_AT_ONCE)
        job.journal.want(rows)
        advance(count % _GROUPS_AT_ONCE)
    if not found:
        raise InvalidInput(f"No group of {job.groups} has a text in {job.engine.source!r}; choose another --from.")
    return count


def _require_text(text: str, group: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(f"A text of group {group!r} holds a lone surrogate; save it as UTF-8.", id=group) from error


def _translate_pending(job: _Job) -> None:
    total, done = job.journal.wanted()
    try:
        with pace("Translating", total, "texts", done) as advance:
            for target, number in job.engines.items():
                for rows in job.journal.pending(number, job.engine.texts_at_once):
                    # Closed at once when something fails: an endpoint's open requests end with it.
                    with closing(_batches(job.engine, rows, target)) as batches:
                        for batch in batches:
                            job.journal.record(number, batch)
                            done += len(batch)
                            advance(len(batch))
    except (IsoglotError, KeyboardInterrupt) as error:
        reason = error.message if isinstance(error, IsoglotError) else "Stopped."
        raise TranslationStopped(
            f"{reason} {done:,} of {total:,} texts are translated and kept; the same command goes on from there.",
            done=done,
            total=total,
        ) from error


_Rows = list[tuple[int, str | None]]


def _batches(engine: Engine, rows: list[tuple[int, str]], target: str) -> Generator[_Rows, None, None]:
    """Translate (text id, text) and yield batches of (text id, translation)."""
    with closing(engine.translate([text for _, text in rows], target)) as finished:
        for batch in finished:
            yield [(rows[position][0], translation) for position, translation in batch]


def _write(job: _Job, report: TranslationReport, count: int) -> TranslationReport:
    """Write output, rejected rows and report under temporary names, then rename; the output comes last."""
    rejected, counts = job.out.with_suffix(".rejected.jsonl"), job.out.with_suffix(".report.json")
    made = [_partial(rejected), _partial(counts), _partial(job.out)]
    try:
        with _partial(rejected).open("w", encoding="utf-8") as refused:
            write_groups(_finished_groups(job, report, refused, count), _partial(job.out))
        text = json.dumps(report.as_json(), ensure_ascii=False, indent=2)
        _partial(counts).write_text(text + "\n", encoding="utf-8")
        for path in made:
            with path.open("rb") as written:
                os.fsync(written.fileno())
            path.replace(path.with_name(path.name.removesuffix(".partial")))
    except OSError as error:
        raise StorageUnavailable(f"{job.out} cannot be written: {error}. All translations are kept.") from error
    finally:
        for path in made:
            with suppress(OSError):
                path.unlink(missing_ok=True)
    return report


def _partial(path: Path) -> Path:
    return path.with_name(path.name + ".partial")


def _finished_groups(job: _Job, report: TranslationReport, refused: TextIO, count: int) -> Iterator[Group]:
    with pace("Filtering", count, "groups") as advance:
        for group in read_groups(job.groups):
            questions, passages = (_completed(job, report, refused, group, name) for name in _FIELDS)
            report.groups += 1
            advance(1)
            yield replace(group, questions=questions, passages=passages)


def _completed(job: _Job, report: TranslationReport, refused: TextIO, group: Group, name: str) -> dict[str, str]:
    """Return a group's questions or passages with the translations that passed; the others go to `refused`."""
    texts: dict[str, str] = getattr(group, name)
    source = texts.get(job.engine.source)
    if source is None:
        report.without_source += 1
        return texts
    added: dict[str, str] = {}
    for target, number in job.engines.items():
        if target in texts:
            report.there[target] += 1
            continue
        translation = job.journal.translation(number, source)
        reason = _fault(job, number, source, translation, target)
        if reason is None and translation is not None:
            added[target] = translation
            report.added[target] += 1
        else:
            report.drop(target, str(reason))
            row = {"id": group.id, "field": name, "language": target, "reason": reason, "source": source}
            refused.write(json.dumps({**row, "translation": translation}, ensure_ascii=False) + "\n")
    return {**texts, **added}


def _fault(job: _Job, number: int, source: str, translation: str | None, target: str) -> Reason | None:
    reason = fault(source, translation, job.engine.source, target)
    if reason is not None or translation is None:
        return reason
    # Of several texts with one translation the first keeps it: a stock phrase the model falls back on is left at most
    # once, and two questions with one wording never stand in a batch as each other's negatives.
    key = normalised_key(source)
    return None if job.journal.first_source(number, normalised_key(translation), key) == key else "duplicate"
