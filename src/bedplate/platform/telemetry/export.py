import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult

from bedplate.platform.telemetry.readable import clock_offset, readable
from bedplate.platform.telemetry.spans import Trace
from bedplate.settings.telemetry import TelemetrySettings

QUEUE = 2048
BATCH = 128
DELAY = 0.5
logger = logging.getLogger(__name__)


class SpanExporter(Protocol):
    """The part of the SDK's exporters that is used."""

    def export(self, spans: Sequence[ReadableSpan], /) -> object:
        """Send spans; blocks, retries within its own timeout."""
        ...

    def shutdown(self) -> None:
        """Close connections."""
        ...


class MissingExtra(Exception):  # noqa: N818 - a message for whoever starts the process
    """A setting asks for a package that is not installed."""


class Exporter:
    """Sends kept traces from a thread of its own; what the collector cannot take in time is dropped and counted.

    Small batches, since building one holds the interpreter for as long as it takes.
    """

    def __init__(self, sender: SpanExporter, resource: Resource, dropped: Callable[[int], None]) -> None:
        self._sender = sender
        self._resource = resource
        self._dropped = dropped
        self._queue: deque[Trace] = deque()
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="telemetry-export", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def keep(self, trace: Trace) -> None:
        """Queue a trace."""
        if len(self._queue) >= QUEUE:
            self._dropped(len(trace.take()))
            return
        self._queue.append(trace)
        if len(self._queue) >= BATCH and not self._wake.is_set():
            self._wake.set()

    def stop(self, timeout: float) -> None:
        """Send what is queued and end; blocks for `timeout` seconds at most."""
        self._stopping = True
        self._wake.set()
        self._thread.join(timeout)
        # What is still queued would only meet a closed exporter.
        left = list(self._queue)
        self._queue.clear()
        self._dropped(sum(len(trace.take()) for trace in left))
        self._sender.shutdown()

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait(DELAY)
            self._wake.clear()
            self._send_queued()
        self._send_queued()

    def _send_queued(self) -> None:
        while self._queue:
            batch = self._batch()
            if not batch:
                continue
            try:
                sent = self._sender.export(batch) is not SpanExportResult.FAILURE
            except Exception:
                sent = False
                logger.exception("Exporting %d spans failed", len(batch))
            if not sent:
                self._dropped(len(batch))

    def _batch(self) -> list[ReadableSpan]:
        batch: list[ReadableSpan] = []
        offset = clock_offset()
        while self._queue and len(batch) < BATCH:
            batch.extend(readable(span, self._resource, offset) for span in self._queue.popleft().take())
        return batch


def missing_grpc() -> MissingExtra:
    """Say what to install."""
    return MissingExtra(
        "BEDPLATE_TELEMETRY_OTLP_PROTOCOL=grpc needs the extra bedplate[grpc]; install it or use http/protobuf"
    )


def span_sender(settings: TelemetrySettings) -> SpanExporter:
    """Build the exporter that the settings ask for.

    Raises:
        MissingExtra: gRPC is asked for and not installed.
    """
    if settings.otlp_protocol == "grpc":
        return _grpc_sender(settings.otlp_endpoint)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(endpoint=settings.otlp_endpoint.rstrip("/") + "/v1/traces")


def _grpc_sender(endpoint: str) -> SpanExporter:
    try:
        from opentelemetry.exporter.otlp.proto.grpc import trace_exporter  # pyright: ignore[reportMissingImports, reportUnknownVariableType, reportAttributeAccessIssue]
    except ImportError:
        raise missing_grpc() from None
    return trace_exporter.OTLPSpanExporter(endpoint=endpoint)  # pyright: ignore[reportUnknownVariableType]
