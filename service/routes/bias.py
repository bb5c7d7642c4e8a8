"""`GET /bias`: what the searches of a collection have favoured."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter

from index.bias.baseline import Baseline, drift
from service.bias_schemas import BaselineOut, BiasWatch, DriftOut, WatchedOut
from service.engine import EngineOf

router = APIRouter(tags=["bias"])

_TOLD = 20
"""Changes since the last audit that are told, the largest first."""


@router.get("/bias")
def bias(engine: EngineOf, collection: str | None = None) -> BiasWatch:
    """The running query language × hit language matrix, mean offsets, and how they have drifted since the last audit.

    Counted in this process's memory since the collection was opened; a collection of several processes is the
    sum of their `/metrics`. No collection named is the default one.
    """
    opened = engine.collection(collection)
    watched = opened.running.watched(opened.index.means())
    baseline = Baseline.read(opened.index)
    changes = None if baseline is None else drift(baseline, watched)
    return BiasWatch(
        collection=opened.name,
        since=opened.running.since,
        query_languages=[WatchedOut(**asdict(each)) for each in watched],
        baseline=None if baseline is None else BaselineOut(made=baseline.made, queries=baseline.queries),
        largest_drift=abs(changes[0].change) if changes else None,
        drift=None if changes is None else [DriftOut(**asdict(c), change=c.change) for c in changes[:_TOLD]],
    )
