"""The application that `test_processes` serves under granian, with settings from the environment."""

import os

from litestar import get

from bedplate.platform.http.service import Service
from bedplate.platform.telemetry import span
from bedplate.platform.telemetry.assembly import Telemetry
from bedplate.platform.telemetry.scrape import metrics_handler
from bedplate.settings.telemetry import TelemetrySettings


@get("/work")
async def work() -> int:
    with span("inside"):
        return os.getpid()


@get("/metrics", media_type="text/plain")
async def metrics() -> bytes:
    body, _ = await metrics_handler()
    return body


def create() -> Service:
    settings = TelemetrySettings(
        sample_ratio=1, otlp_endpoint=os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", ""), log_format="json"
    )
    telemetry = Telemetry(settings, service="served", version="1")
    app = Service(
        route_handlers=[work, metrics],
        lifespan=[telemetry.lifespan],
        logging_config=None,
        openapi_config=None,
    )
    app.wrap(telemetry.wrap)
    return app
