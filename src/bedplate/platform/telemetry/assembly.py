import asyncio
import os
import socket
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from litestar.types import ASGIApp
from opentelemetry.sdk.resources import Resource

from bedplate.platform.telemetry.access import access_log
from bedplate.platform.telemetry.attach import PROCESS
from bedplate.platform.telemetry.export import Exporter, SpanExporter, span_sender
from bedplate.platform.telemetry.incoming import Incoming
from bedplate.platform.telemetry.listener import listen
from bedplate.platform.telemetry.metrics import counter
from bedplate.platform.telemetry.process import EnginePool, Pool, ProcessWatch
from bedplate.platform.telemetry.push import metrics_sender, pushing
from bedplate.platform.telemetry.readable import ProcessResource
from bedplate.platform.telemetry.request_metrics import RequestMetrics
from bedplate.platform.telemetry.requests import RequestEdge
from bedplate.platform.telemetry.scrape import metrics_handler
from bedplate.platform.telemetry.traceparent import Ratio
from bedplate.settings.telemetry import TelemetrySettings

DROPPED = counter("telemetry_spans_dropped_total", "Spans that the collector did not take in time.")


class Telemetry:
    """A process's telemetry: one instance, whose wrapper is the application's outermost.

    Traces are recorded when an OTLP endpoint is set; `sender` stands in for the exporter in tests.

    Raises:
        MissingExtra: the settings ask for gRPC, which is not installed.
    """

    def __init__(
        self, settings: TelemetrySettings, *, service: str, version: str, sender: SpanExporter | None = None
    ) -> None:
        self.settings = settings
        self._edges: list[RequestEdge] = []
        self._metrics = RequestMetrics() if settings.request_metrics else None
        self._process = ProcessWatch(version)
        self._resource = _resource(service, version)
        self.exporter: Exporter | None = None
        if settings.otlp_endpoint or sender:
            self.exporter = Exporter(sender or span_sender(settings), self._resource, DROPPED().inc)

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

    def watch(self, *, pools: dict[str, Pool] | None = None, engines: dict[str, Any] | None = None) -> None:
        """Meter pools of connections, by name; of SQLAlchemy's engines too."""
        self._process.pools.update(pools or {})
        self._process.pools.update({name: EnginePool(engine) for name, engine in (engines or {}).items()})

    @asynccontextmanager
    async def lifespan(self, app: Any = None) -> AsyncGenerator[None]:
        """Watch the process and export, for as long as an application (or a worker without one) runs.

        Entered first and left last, so that what stops before is still told.
        """
        if app is not None:
            self._know(app)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._process.lifespan())
            if self.exporter is not None:
                await stack.enter_async_context(self._exporting(self.exporter))
            if self.settings.otlp_endpoint and self.settings.otlp_metrics_interval:
                told = self.settings
                push = pushing(
                    metrics_sender(told), self._resource, told.otlp_metrics_interval, told.flush_timeout
                )
                await stack.enter_async_context(push)
            if self.settings.metrics_port and app is not None:
                pages = {"/metrics": metrics_handler}
                listening = listen(self.settings.metrics_host, self.settings.metrics_port, pages)
                await stack.enter_async_context(listening)
            yield

    def _know(self, app: Any) -> None:
        for edge in self._edges:
            edge.routes = app
        if self._metrics is not None:
            self._metrics.begin(_routes(app))

    @asynccontextmanager
    async def _exporting(self, exporter: Exporter) -> AsyncGenerator[None]:
        exporter.start()
        PROCESS.ratio = Ratio(self.settings.sample_ratio)
        PROCESS.slow = self.settings.slow_job
        PROCESS.keeper = exporter
        try:
            yield
        finally:
            PROCESS.keeper = None
            await asyncio.to_thread(exporter.stop, self.settings.flush_timeout)


def _resource(service: str, version: str) -> ProcessResource:
    told = Resource.create(
        {
            "service.name": service,
            "service.version": version,
            "service.instance.id": f"{socket.gethostname()}-{os.getpid()}",
            "process.pid": os.getpid(),
        }
    )
    return ProcessResource(told.attributes, told.schema_url)


def _routes(app: Any) -> Iterator[tuple[str, str, int]]:
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            for method in handler.http_methods - {"OPTIONS", "HEAD"}:
                yield str(method), route.path_format, handler.status_code
