import asyncio
import os
import socket
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Any

from litestar.types import ASGIApp
from opentelemetry.sdk.resources import Resource

from bedplate.platform.telemetry.access import access_log
from bedplate.platform.telemetry.attach import PROCESS
from bedplate.platform.telemetry.export import Exporter, SpanExporter, span_sender
from bedplate.platform.telemetry.incoming import Incoming
from bedplate.platform.telemetry.metrics import counter
from bedplate.platform.telemetry.request_metrics import RequestMetrics
from bedplate.platform.telemetry.requests import RequestEdge
from bedplate.platform.telemetry.traceparent import Ratio
from bedplate.settings.telemetry import TelemetrySettings

DROPPED = counter("telemetry_spans_dropped_total", "Spans that the collector did not take in time.")


class Telemetry:
    """A process's telemetry: one instance, whose wrapper is the application's outermost.

    Traces are recorded when an OTLP endpoint is set; `sender` stands in for the exporter in tests.
    """

    def __init__(
        self, settings: TelemetrySettings, *, service: str, version: str, sender: SpanExporter | None = None
    ) -> None:
        self.settings = settings
        self._edges: list[RequestEdge] = []
        self._metrics = RequestMetrics() if settings.request_metrics else None
        self.exporter: Exporter | None = None
        if settings.otlp_endpoint or sender:
            resource = Resource.create(_resource(service, version))
            self.exporter = Exporter(sender or span_sender(settings), resource, DROPPED().inc)

    def wrap(self, app: ASGIApp) -> RequestEdge:
        """Put the wrapper around an application."""
        settings = self.settings
        edge = RequestEdge(
            app,
            Incoming(settings.sample_ratio, settings.sampled_per_second, self.exporter),
            self._metrics,
            access_log(settings),
            settings.slow_request,
        )
        self._edges.append(edge)
        return edge

    @asynccontextmanager
    async def lifespan(self, app: Any = None) -> AsyncGenerator[None]:
        """Export for as long as the application, or a worker without one, runs; hand over the rest at its end."""
        if app is not None:
            for edge in self._edges:
                edge.routes = app
            if self._metrics is not None:
                self._metrics.begin(_routes(app))
        PROCESS.ratio = Ratio(self.settings.sample_ratio)
        if self.exporter is None:
            yield
            return
        self.exporter.start()
        PROCESS.keeper = self.exporter
        try:
            yield
        finally:
            PROCESS.keeper = None
            await asyncio.to_thread(self.exporter.stop, self.settings.flush_timeout)


def _resource(service: str, version: str) -> dict[str, str | int]:
    return {
        "service.name": service,
        "service.version": version,
        "service.instance.id": f"{socket.gethostname()}-{os.getpid()}",
        "process.pid": os.getpid(),
    }


def _routes(app: Any) -> Iterator[tuple[str, str, int]]:
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            for method in handler.http_methods - {"OPTIONS", "HEAD"}:
                yield str(method), route.path_format, handler.status_code
