from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class TelemetrySettings(msgspec.Struct, frozen=True, kw_only=True):
    """Traces, metrics and logs."""

    sample_ratio: Annotated[
        float,
        Meta(ge=0, le=1, description="Share of traces kept; what fails or takes long is kept besides."),
    ] = 0.1
    slow_request: Annotated[
        float, Meta(gt=0, description="Seconds from which a request's trace is always kept.")
    ] = 1.0
    slow_job: Annotated[
        float, Meta(gt=0, description="Seconds from which the trace of a job's attempt is always kept.")
    ] = 10.0
    sampled_per_second: Annotated[
        int,
        Meta(
            ge=0,
            description="Traces a second and process kept besides because the caller's traceparent asks for it.",
        ),
    ] = 20
    otlp_endpoint: Annotated[
        str, Meta(description="OTLP endpoint; `OTEL_EXPORTER_OTLP_ENDPOINT` sets it too. Empty: no export.")
    ] = ""
    otlp_protocol: Annotated[
        Literal["http/protobuf", "grpc"], Meta(description="`OTEL_EXPORTER_OTLP_PROTOCOL` sets it too.")
    ] = "http/protobuf"
    otlp_metrics_interval: Annotated[
        float,
        Meta(ge=0, description="Seconds between pushes of metrics over OTLP; 0: they are only scraped."),
    ] = 0.0
    flush_timeout: Annotated[
        float, Meta(gt=0, description="Seconds a stopping process may take to hand over its last traces.")
    ] = 3.0
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="Least severe log line written.")
    ] = "info"
    log_format: Annotated[
        Literal["auto", "json", "console"], Meta(description="`auto`: console in a terminal, JSON elsewhere.")
    ] = "auto"
    access_log: Annotated[bool, Meta(description="Whether every request writes a line.")] = True
    request_metrics: Annotated[bool, Meta(description="Whether requests are counted and timed.")] = True
    metrics_host: Annotated[str, Meta(description="Address that the metrics port listens on.")] = "127.0.0.1"
    metrics_port: Annotated[
        int, Meta(ge=0, le=65535, description="Port for /metrics alone; 0: on the API, for loopback callers.")
    ] = 0
