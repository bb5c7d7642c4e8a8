"""What Prometheus can read at `/metrics`: one object per app, told by those who do the work."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Sequence

from prometheus_client import (
    GC_COLLECTOR,
    PLATFORM_COLLECTOR,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from index.answer import Answer
from index.bias import LanguageShare
from index.collection import Collection
from index.encoder import Kind
from service.bias_metrics import BiasGauges

__all__ = ["Metrics"]

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_SHARES = (0.25, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1)
_POOL = 50
_MOST_LANGUAGES = 200
"""A caller may name any of thousands of codes, and each series takes memory for ever."""


def _largest(shares: Sequence[LanguageShare]) -> set[str]:
    """The languages told apart from "other": those with most passages, since every pair with one is two series."""
    ranked = sorted(shares, key=lambda share: (-share.pool_share, share.language)) if len(shares) > _POOL else shares
    return {share.language for share in ranked[:_POOL]}


class Metrics:
    """Counters, gauges and histograms of one service, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        for collector in (ProcessCollector(registry=None), PLATFORM_COLLECTOR, GC_COLLECTOR):
            registry.register(collector)
        self._requests = Counter(
            "isoglot_requests", "Requests answered.", ["route", "method", "status"], registry=registry
        )
        self._latency = Histogram(
            "isoglot_request_seconds", "From the first byte read to the last one written.", ["route"],
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._rejections = Counter("isoglot_rejections", "Requests refused, by reason.", ["reason"], registry=registry)
        self._waiting = Gauge(
            "isoglot_queue_texts", "Texts that wait for an encoder.", ["encoder", "kind"], registry=registry
        )
        self._waited = Histogram(
            "isoglot_queue_wait_seconds", "How long texts waited for an encoder.", ["kind"],
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._fill = Histogram(
            "isoglot_batch_fill", "Share of a batch's tokens that are no padding.", buckets=_SHARES, registry=registry
        )
        self._batch = Histogram(
            "isoglot_batch_texts", "Texts in a batch.", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256), registry=registry
        )
        self._tokens = Counter("isoglot_tokens", "Tokens encoded.", ["kind"], registry=registry)
        self._search = Histogram(
            "isoglot_search_seconds", "Search, without encoding.", ["query_language"],
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._hits = Counter(
            "isoglot_hits", "Hits, by the query's language and theirs.", ["query_language", "hit_language"],
            registry=registry,
        )  # fmt: skip
        self._chosen = Counter(
            "isoglot_bias_hits", "Hits of searches of two or more languages, by the query's language and theirs.",
            ["query_language", "hit_language"], registry=registry,
        )  # fmt: skip
        self._expected = Counter(
            "isoglot_bias_expected_hits", "What shares of the pool would have given each language of these hits.",
            ["query_language", "hit_language"], registry=registry,
        )  # fmt: skip
        self._languages: set[str] = set()
        self._shed: dict[str, tuple[Counter, Counter]] = {}

    def watch_queue(self, encoder: str, kind: Kind, waiting: Callable[[], float]) -> None:
        """Have a queue's depth asked for whenever the metrics are read."""
        self._waiting.labels(encoder, kind).set_function(waiting)

    def watch_bias(self, opened: Callable[[], Iterable[Collection]]) -> None:
        """Have the offsets of the collections that are open worked out whenever the metrics are read."""
        self.registry.register(BiasGauges(opened))

    def answered(self, route: str, method: str, status: int, seconds: float, code: str | None) -> None:
        """A request has been answered. code: of its error; None for a success."""
        self._requests.labels(route, method, status).inc()
        self._latency.labels(route).observe(seconds)
        if code is not None and status in (401, 403, 413, 429, 503):
            self._rejections.labels(code).inc()

    def shed(self, path: str, code: str) -> None:
        """A request has been refused before anything of it was looked at; it has no latency to speak of."""
        if path not in self._shed:  # finding a counter by its labels costs more than all else of a refusal
            self._shed[path] = self._requests.labels(path, "POST", 429), self._rejections.labels(code)
        for counter in self._shed[path]:
            counter.inc()

    def ran(self, kind: Kind, texts: int, tokens: int, padded: int, waited: Sequence[float]) -> None:
        """A batch has run. padded: tokens with padding. waited: seconds each text waited."""
        self._batch.observe(texts)
        self._fill.observe(tokens / max(1, padded))
        self._tokens.labels(kind).inc(tokens)
        histogram = self._waited.labels(kind)
        for seconds in waited:
            histogram.observe(seconds)

    def searched(self, answer: Answer, seconds: float) -> None:
        """A query has been answered. seconds: of the search alone."""
        asked = self._language(answer.query_language.code)
        self._search.labels(asked).observe(seconds)
        for code, count in Tally(hit.passage.language for hit in answer.hits).items():
            self._hits.labels(asked, self._language(code)).inc(count)
        if len(answer.shares) > 1 and answer.hits:
            self._compare(asked, answer)

    def _compare(self, asked: str, answer: Answer) -> None:
        """Count what each language has of the hits, none included, beside what its share of the pool would give."""
        told = _largest(answer.shares)
        for share in answer.shares:
            pair = (asked, self._language(share.language) if share.language in told else "other")
            self._chosen.labels(*pair).inc(share.hits)
            self._expected.labels(*pair).inc(share.pool_share * len(answer.hits))

    def _language(self, code: str) -> str:
        if code not in self._languages:
            if len(self._languages) >= _MOST_LANGUAGES:
                return "other"
            self._languages.add(code)
        return code

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self.registry)
