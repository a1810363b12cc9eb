"""The application that `test_processes` serves under granian, with settings from the environment."""

import os
from pathlib import Path

from litestar import get

from bedplate.platform.http.service import Service
from bedplate.platform.telemetry import span
from bedplate.platform.telemetry.assembly import Telemetry
from bedplate.platform.telemetry.scrape import metrics_handler
from bedplate.settings.telemetry import TelemetrySettings


class Lent:
    """A pool of two connections, as it stands."""

    size, waiting = 2, 0

    def __init__(self, in_use: int) -> None:
        self.in_use = in_use


def _is_first() -> bool:
    try:
        Path(os.environ["FIRST"]).touch(exist_ok=False)
    except (KeyError, FileExistsError):
        return False
    return True


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
    telemetry.watch(pools={"reads": Lent(2 if _is_first() else 1)})
    app = Service(
        route_handlers=[work, metrics],
        lifespan=[telemetry.lifespan],
        logging_config=None,
        openapi_config=None,
    )
    app.wrap(telemetry.wrap)
    return app
