import asyncio
import sys

import pytest

from bedplate.platform.telemetry.assembly import DROPPED, Telemetry
from bedplate.platform.telemetry.export import MissingExtra
from bedplate.platform.telemetry.listener import listen
from bedplate.platform.telemetry.scrape import metrics_handler, render
from bedplate.settings.telemetry import TelemetrySettings

THING = "/v1/things/0190b8a4-0000-7000-8000-000000000001"


def pushed(collector) -> dict:
    (scope,) = collector.metrics[-1].resource_metrics[0].scope_metrics
    return {metric.name: metric for metric in scope.metrics}


async def test_the_last_push_holds_what_a_scrape_shows(serve, collector, plain):
    async with serve(otlp_endpoint=collector.endpoint, otlp_metrics_interval=3600) as client:
        await client.get(THING)
    shown = render().decode()
    metrics = pushed(collector)
    points = metrics["bedplate_http_requests"].sum.data_points
    asked = {"method": "GET", "route": "/v1/things/{thing_id}", "status": "200"}
    (point,) = [p for p in points if plain(p) == asked]
    series = 'bedplate_http_requests_total{method="GET",route="/v1/things/{thing_id}",status="200"}'
    assert f"{series} {point.as_double}" in shown
    assert metrics["bedplate_http_requests"].sum.is_monotonic
    assert metrics["bedplate_processes"].gauge.data_points[0].as_double == 1


async def test_a_kept_request_is_the_example_of_its_bucket(serve, collector, plain):
    async with serve(sample_ratio=1, otlp_endpoint=collector.endpoint, otlp_metrics_interval=3600) as client:
        await client.post("/v1/things")
    root = collector.named("POST /v1/things")
    points = pushed(collector)["bedplate_http_request_duration_seconds"].histogram.data_points
    (point,) = [p for p in points if plain(p)["route"] == "/v1/things" and plain(p)["outcome"] == "answered"]
    assert point.count == sum(point.bucket_counts)
    assert len(point.bucket_counts) == len(point.explicit_bounds) + 1
    assert (root.trace_id, root.span_id) in {(e.trace_id, e.span_id) for e in point.exemplars}


async def test_metrics_are_pushed_while_running(serve, collector):
    async with serve(otlp_endpoint=collector.endpoint, otlp_metrics_interval=0.01):
        await asyncio.to_thread(collector.wait, lambda: len(collector.metrics) > 1)


def test_grpc_without_its_extra_is_refused_in_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.grpc", None)
    settings = TelemetrySettings(otlp_endpoint="http://127.0.0.1:1", otlp_protocol="grpc")
    with pytest.raises(MissingExtra, match=r"bedplate\[grpc\]"):
        Telemetry(settings, service="x", version="1")


async def get(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_metrics_have_a_port_of_their_own():
    async with listen("127.0.0.1", 0, {"/metrics": metrics_handler}) as port:
        good = await get(port, b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
        head = await get(port, b"HEAD /metrics HTTP/1.1\r\n\r\n")
        other = await get(port, b"GET /v1/me HTTP/1.1\r\n\r\n")
        posted = await get(port, b"POST /metrics HTTP/1.1\r\n\r\n")
        assert await get(port, b"nonsense\r\n\r\n") == b""
    assert good.startswith(b"HTTP/1.1 200")
    assert b"\nbedplate_" in good
    assert head.startswith(b"HTTP/1.1 200")
    assert b"\nbedplate_" not in head
    assert other.startswith(b"HTTP/1.1 404")
    assert posted.startswith(b"HTTP/1.1 405")


async def test_a_collector_that_is_away_holds_nobody_up(serve):
    settings = {"otlp_endpoint": "http://127.0.0.1:9", "flush_timeout": 0.2, "otlp_metrics_interval": 3600}
    before = DROPPED()._value.get()
    async with asyncio.timeout(5):
        async with serve(sample_ratio=1, **settings) as client:
            assert (await client.post("/v1/things")).status_code == 201
    async with asyncio.timeout(5):
        while DROPPED()._value.get() < before + 3:
            await asyncio.sleep(0.01)
