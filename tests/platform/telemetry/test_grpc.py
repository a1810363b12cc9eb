"""Traces and metrics over OTLP's gRPC, received by a real server; runs where `bedplate[grpc]` is installed."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from bedplate.platform.telemetry import attach, span

grpc = pytest.importorskip("grpc", reason="needs the extra bedplate[grpc]; `.ci/grpc` installs it beside")
SERVICES = {
    "trace": (ExportTraceServiceRequest, ExportTraceServiceResponse, "TraceService"),
    "metrics": (ExportMetricsServiceRequest, ExportMetricsServiceResponse, "MetricsService"),
}


@pytest.fixture
def receiver():
    received = {"trace": [], "metrics": []}
    server = grpc.server(ThreadPoolExecutor(2))
    for kind, (request, response, service) in SERVICES.items():

        def export(message, _context, kind=kind, response=response):
            received[kind].append(message)
            return response()

        handler = grpc.unary_unary_rpc_method_handler(
            export, request_deserializer=request.FromString, response_serializer=response.SerializeToString
        )
        name = f"opentelemetry.proto.collector.{kind}.v1.{service}"
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(name, {"Export": handler})])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"http://127.0.0.1:{port}", received
    server.stop(None).wait()


async def test_traces_and_metrics_arrive_over_grpc(serve, receiver):
    endpoint, received = receiver
    settings = {"otlp_endpoint": endpoint, "otlp_protocol": "grpc", "otlp_metrics_interval": 3600}
    async with serve(sample_ratio=1, **settings) as client:
        assert (await client.post("/v1/things")).status_code == 201
        with attach(None, "job"), span("inside"):
            pass
    spans = [
        s.name
        for message in received["trace"]
        for resource in message.resource_spans
        for scope in resource.scope_spans
        for s in scope.spans
    ]
    assert sorted(spans) == ["POST /v1/things", "inner", "inside", "job", "outer"]
    (scope,) = received["metrics"][-1].resource_metrics[0].scope_metrics
    metrics = {metric.name: metric for metric in scope.metrics}
    assert metrics["bedplate_http_requests"].sum.is_monotonic
    assert any(p.exemplars for p in metrics["bedplate_http_request_duration_seconds"].histogram.data_points)
