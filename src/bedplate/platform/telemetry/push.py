import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from time import time_ns
from typing import Protocol

from opentelemetry.sdk.metrics.export import MetricsData
from opentelemetry.sdk.resources import Resource
from prometheus_client import REGISTRY

from bedplate.platform.background import in_background
from bedplate.platform.telemetry.export import missing_grpc
from bedplate.platform.telemetry.otlp_metrics import metrics_data
from bedplate.settings.telemetry import TelemetrySettings

logger = logging.getLogger(__name__)


class MetricsSender(Protocol):
    """The part of the SDK's exporters that is used."""

    def export(self, metrics_data: MetricsData, /) -> object:
        """Send a snapshot; blocks."""
        ...

    def shutdown(self) -> None:
        """Close connections."""
        ...


@asynccontextmanager
async def pushing(
    sender: MetricsSender, resource: Resource, interval: float, patience: float
) -> AsyncGenerator[None]:
    """Push this process's metrics every `interval` seconds, and once more at the end, within `patience`."""
    started = time_ns()

    async def push() -> None:
        try:
            await asyncio.to_thread(sender.export, metrics_data(REGISTRY, resource, started))
        except Exception:
            logger.exception("Pushing metrics failed")

    async def run() -> None:
        while True:
            await asyncio.sleep(interval)
            await push()

    try:
        async with in_background(run()):
            yield
    finally:
        last = asyncio.create_task(push())
        await asyncio.wait({last}, timeout=patience)
        sender.shutdown()
        await last


def metrics_sender(settings: TelemetrySettings) -> MetricsSender:
    """Build the exporter that the settings ask for.

    Raises:
        MissingExtra: gRPC is asked for and not installed.
    """
    if settings.otlp_protocol == "grpc":
        try:
            from opentelemetry.exporter.otlp.proto.grpc import metric_exporter  # pyright: ignore[reportMissingImports, reportUnknownVariableType, reportAttributeAccessIssue]
        except ImportError:
            raise missing_grpc() from None
        return metric_exporter.OTLPMetricExporter(endpoint=settings.otlp_endpoint)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter

    return OTLPMetricExporter(endpoint=settings.otlp_endpoint.rstrip("/") + "/v1/metrics")
