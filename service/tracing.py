"""OpenTelemetry traces, when an endpoint is set; nothing at all otherwise.

A span for each request, which goes on the trace that the header `traceparent` names, and below it
one for encoding and one for searching.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import version
from typing import Any

from index.errors import InvalidInput
from index.extras import how_to_install

__all__ = ["Tracer", "open_tracer"]


class Tracer:
    """Makes spans; this one makes none."""

    def request(self, name: str, headers: Mapping[str, str]) -> AbstractContextManager[Any]:
        """A span around a request. headers: the request's, lower-case."""
        return nullcontext((name, headers))

    def span(self, name: str) -> AbstractContextManager[Any]:
        """A span below the one in force."""
        return nullcontext(name)

    def close(self) -> None:
        """Send what has not been sent."""


def open_tracer(endpoint: str | None) -> Tracer:
    """The tracer for an OTLP endpoint; raises InvalidInput when the extra is missing."""
    if not endpoint:
        return Tracer()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise InvalidInput(
            f"Traces to {endpoint} need OpenTelemetry; or unset ISOGLOT_OTEL_ENDPOINT. {how_to_install('otel')}"
        ) from error
    provider = TracerProvider(
        resource=Resource.create({"service.name": "isoglot", "service.version": version("isoglot")})
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")))
    return _OpenTelemetry(provider.get_tracer("isoglot"), provider.shutdown)


class _OpenTelemetry(Tracer):
    """Spans of OpenTelemetry's SDK."""

    def __init__(self, tracer: Any, shutdown: Callable[[], None]) -> None:
        from opentelemetry.propagate import extract
        from opentelemetry.trace import SpanKind

        self._tracer, self._shutdown, self._extract, self._server = tracer, shutdown, extract, SpanKind.SERVER

    def request(self, name: str, headers: Mapping[str, str]) -> AbstractContextManager[Any]:
        """A span around a request, on the trace its headers name."""
        context: AbstractContextManager[Any] = self._tracer.start_as_current_span(
            name, context=self._extract(headers), kind=self._server
        )
        return context

    def span(self, name: str) -> AbstractContextManager[Any]:
        """A span below the one in force."""
        context: AbstractContextManager[Any] = self._tracer.start_as_current_span(name)
        return context

    def close(self) -> None:
        """Send what has not been sent."""
        self._shutdown()
