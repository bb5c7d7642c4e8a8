"""Versions beside the live one: names, a head start from the live version, the gate and the switch."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from index.catalog import Catalog, collection_name
from index.collection import Collection
from index.encoder import Embedded, Encoder
from index.errors import Conflict, EncoderMismatch, NotFound
from index.jobs.gate import GateRefused, Scores, judge, losses, read_questions
from index.jobs.ledger import Ledger
from index.jobs.spec import JobSpec
from index.lexical.hybrid import carry_words

__all__ = ["begin_version", "check_switch", "copy_live", "pass_gate"]


def check_switch(spec: JobSpec, catalog: Catalog) -> None:
    """Raise before hours of work what would be raised after them: a taken name, questions that cannot be read."""
    collection_name(spec.collection)
    if (
        spec.kind == "build"
        and spec.switch
        and spec.collection not in catalog.place.aliases()
        and spec.collection in catalog.names()
    ):
        raise Conflict(
            f"{spec.collection!r} is a collection, so it cannot be an alias that moves. Build under another name, or "
            "delete it first.",
            collection=spec.collection,
        )
    if spec.gate:
        read_questions(Path(spec.gate))


def begin_version(spec: JobSpec, catalog: Catalog) -> str:
    """Name of the collection to fill: a fresh one of today for a switch, else the one named or pointed to."""
    if not spec.switch:
        return catalog.place.aliases().get(spec.collection, spec.collection)
    today = f"{spec.collection}-{datetime.now(UTC).date().isoformat()}"
    taken = set(catalog.names())
    numbered = (f"{today}-{number}" for number in range(2, len(taken) + 3))
    return collection_name(today if today not in taken else next(name for name in numbered if name not in taken))


def _live(spec: JobSpec, reader: Catalog, version: str) -> Collection | None:
    """The live version, open to be read; None when there is none, or it is the new one."""
    target = reader.place.aliases().get(spec.collection, spec.collection)
    if target == version:
        return None
    try:
        return reader.get(target)
    except NotFound:
        return None


def copy_live(spec: JobSpec, reader: Catalog, target: Collection, ledger: Ledger) -> None:
    """Fill a new version with what the live one holds, vectors too, so that only what changed is encoded.

    Nothing is copied from a version of another encoder. Goes on behind what was copied before a kill.
    """
    try:
        live = _live(spec, reader, target.name)
    except EncoderMismatch:
        return
    if live is None:
        return
    for block in live.index.scan(after=ledger.state.copied):
        count = len(block.passages)
        target.upsert(block.passages, Embedded(block.vectors, np.zeros(count, np.int64), np.zeros(count, bool)))
        ledger.save(copied=block.passages[-1].id)
    carry_words(live.index, target.index)


def pass_gate(spec: JobSpec, reader: Catalog, target: Collection, ledger: Ledger) -> None:
    """Judge the new version against the live one; raises GateRefused when a language loses too much.

    Without a live version there is nothing to lose, and the measures are kept for the next time.
    """
    assert spec.gate is not None
    questions = read_questions(Path(spec.gate))
    new = judge(target, questions)
    try:
        live = _live(spec, _with_encoder(spec, reader), target.name)
    except EncoderMismatch as error:
        told = f"{error.message} For the gate, name the live version's encoder (--live-encoder)."
        raise EncoderMismatch(told, **error.detail) from error
    old = judge(live, questions) if live is not None else {}
    lost = losses(new, old, spec.bound, spec.distance_bound)
    shown = {
        name: {code: s.model_dump() for code, s in scores.items()} for name, scores in (("new", new), ("live", old))
    }
    ledger.save(gate={**shown, "losses": lost})
    if lost:
        raise GateRefused(
            f"{target.name} answers worse than the live version, so {spec.collection!r} has not moved. "
            f"{'; '.join(lost)}. Bounds: {spec.bound} and {spec.distance_bound:g} places (--bound, --distance-bound).",
            losses=lost,
            version=target.name,
        )


def _plain(scores: dict[str, Scores]) -> dict[str, Any]:
    return {code: means.model_dump() for code, means in scores.items()}


def _with_encoder(spec: JobSpec, reader: Catalog) -> Catalog:
    if spec.live_encoder is None:
        return reader
    return Catalog(reader.place, Encoder(spec.live_encoder), read_only=True, allowed=reader.allowed)
