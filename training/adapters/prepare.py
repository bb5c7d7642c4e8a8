"""Groups on their way into a file: texts cleaned, repeats left out, everything counted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import IO

from index.errors import Conflict, InvalidInput, StorageUnavailable, TooLarge
from index.text import clean
from training.adapters.tally import Tally
from training.groups import Group
from training.pace import pace

__all__ = ["cleaned", "prepare"]

_GROUPS_PER_STEP = 500


def prepare(groups: Iterable[Group], out: Path, tally: Tally, limit: int | None = None) -> None:
    """Write groups as JSON lines: all at once or, on any error, not at all.

    Of groups with the same questions and passages the first is kept. limit: most groups to write; None is all.
    Raises Conflict when `out` exists or an id comes twice, InvalidInput when nothing is left to write,
    StorageUnavailable when it cannot be written.
    """
    if out.suffix != ".jsonl":
        raise InvalidInput(
            f"Groups are written as JSON lines; give --out a name that ends in .jsonl, not {out.name!r}."
        )
    if out.exists():
        raise Conflict(f"{out} exists already; remove it or choose another --out.", path=str(out))
    if limit is not None and limit < 1:
        raise InvalidInput(f"--limit must be 1 or more, got {limit}.", given=limit)
    part = out.with_name(out.name + ".part")
    with _storage(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        file = part.open("w", encoding="utf-8")
    try:
        with file:
            _write(islice(_distinct(groups, tally), limit), file, out, tally)
        if not tally.groups:
            raise InvalidInput(f"No group came out, so nothing is written. {tally.summary()}")
        with _storage(out):
            part.replace(out)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _storage(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageUnavailable(f"{out} cannot be written: {error}.", path=str(out)) from error


def _write(groups: Iterable[Group], file: IO[str], out: Path, tally: Tally) -> None:
    shown = 0
    with pace("Preparing", None, "rows") as advance:
        for group in groups:
            with _storage(out):
                file.write(json.dumps(group.as_json(), ensure_ascii=False) + "\n")
            tally.groups += 1
            tally.texts.update([*group.questions, *group.passages])
            if tally.groups % _GROUPS_PER_STEP == 0:
                advance(tally.rows - shown)
                shown = tally.rows
        advance(tally.rows - shown)


def _distinct(groups: Iterable[Group], tally: Tally) -> Iterator[Group]:
    # Digests, not texts: both sets together take about 190 bytes a group.
    contents, ids = set[bytes](), set[bytes]()
    for group in groups:
        kept = cleaned(group, tally)
        if kept is None:
            continue
        content = _digest(json.dumps([kept.questions, kept.passages], sort_keys=True))
        if content in contents:
            tally.left_out["repeat of a question with its passage"] += 1
            continue
        identity = _digest(kept.id)
        if identity in ids:
            raise Conflict(f"Two groups have the id {kept.id!r}; ids must be unique within a file.", id=kept.id)
        contents.add(content)
        ids.add(identity)
        yield kept


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=12).digest()


def cleaned(group: Group, tally: Tally) -> Group | None:
    """The group without texts that cannot be used, each counted; None when no question or no passage is left."""
    questions = _usable(group.questions, "question", tally)
    passages = _usable(group.passages, "passage", tally)
    negatives: dict[str, list[str]] = {}
    for code, texts in group.negatives.items():
        usable = [text for text in (_text(text, "negative", tally) for text in texts) if text is not None]
        distinct = [text for text in dict.fromkeys(usable) if text != passages.get(code)]
        if len(distinct) < len(usable):
            tally.left_out["negative that repeats another or equals the passage"] += len(usable) - len(distinct)
        if distinct:
            negatives[code] = distinct
    if not questions or not passages:
        return None
    return replace(group, questions=questions, passages=passages, negatives=negatives)


def _usable(texts: dict[str, str], what: str, tally: Tally) -> dict[str, str]:
    usable = {code: _text(text, what, tally) for code, text in texts.items()}
    return {code: text for code, text in usable.items() if text is not None}


def _text(text: str, what: str, tally: Tally) -> str | None:
    try:
        return clean(text, what)
    except TooLarge:
        tally.left_out[f"{what} beyond a million characters"] += 1
    except InvalidInput:
        tally.left_out[f"{what} that is blank or not valid Unicode"] += 1
    return None
