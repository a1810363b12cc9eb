from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class TelemetrySettings(msgspec.Struct, frozen=True, kw_only=True):
    """Traces, metrics and logs."""

    sample_ratio: Annotated[
        float,
        Meta(ge=0, le=1, description="Share of traces kept; errors and slow requests are kept besides."),
    ] = 0.1
    slow_request: Annotated[
        float, Meta(gt=0, description="Seconds from which a request's trace is always kept.")
    ] = 1.0
    otlp_endpoint: Annotated[
        str, Meta(description="OTLP endpoint; `OTEL_EXPORTER_OTLP_ENDPOINT` sets it too. Empty: no export.")
    ] = ""
    otlp_protocol: Annotated[
        Literal["http/protobuf", "grpc"], Meta(description="`OTEL_EXPORTER_OTLP_PROTOCOL` sets it too.")
    ] = "http/protobuf"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="Least severe log line written.")
    ] = "info"
    log_format: Annotated[
        Literal["auto", "json", "console"], Meta(description="`auto`: console in a terminal, JSON elsewhere.")
    ] = "auto"
    metrics_port: Annotated[
        int, Meta(ge=0, le=65535, description="Port for /metrics alone; 0: on the API, for loopback callers.")
    ] = 0
