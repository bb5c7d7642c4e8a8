"""What `GET /bias` tells, as Prometheus' gauges, worked out when they are read."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from index.bias.baseline import Baseline, drift
from index.collection import Collection
from index.errors import IsoglotError

__all__ = ["BiasGauges"]

log = logging.getLogger(__name__)

_LANGUAGES = 50
"""Of a collection with more, its largest are told: each pair is a series."""


class BiasGauges(Collector):
    """Mean offsets of the collections that were searched. opened: gives the collections that are open."""

    def __init__(self, opened: Callable[[], Iterable[Collection]]) -> None:
        self._opened = opened

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """The families without samples, so that registering asks no collection."""
        yield from _families()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The families as of now; a collection that cannot be read is left out, and logged."""
        offsets, drifts = _families()
        for collection in self._opened():
            try:
                _tell(collection, offsets, drifts)
            except IsoglotError as error:
                log.warning("Collection %s: its offsets cannot be told: %s", collection.name, error.message)
        yield offsets
        yield drifts


def _families() -> tuple[GaugeMetricFamily, GaugeMetricFamily]:
    return (
        GaugeMetricFamily(
            "isoglot_language_offset",
            "Mean score by which a random passage of a language starts ahead of one of the pool, by query language.",
            labels=["collection", "query_language", "language"],
        ),
        GaugeMetricFamily(
            "isoglot_language_offset_drift",
            "Greatest absolute change of a mean offset since the collection's last audit.",
            labels=["collection"],
        ),
    )


def _tell(collection: Collection, offsets: GaugeMetricFamily, drifts: GaugeMetricFamily) -> None:
    if not collection.running.is_used:
        return
    means = collection.index.means()
    watched = collection.running.watched(means)
    counts = dict(zip(means.languages, means.counts.tolist(), strict=True))
    largest = sorted(counts, key=lambda code: (-counts[code], code))[:_LANGUAGES]
    for each in watched:
        for code in largest:
            offsets.add_metric([collection.name, each.query_language, code], each.offsets[code])
    baseline = Baseline.read(collection.index)
    changes = [] if baseline is None else drift(baseline, watched)
    if changes:
        drifts.add_metric([collection.name], abs(changes[0].change))
