import logging
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, ClassVar
from uuid import UUID

import httpx
import msgspec
import pytest
import structlog
from litestar import Request, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Stream
from litestar.types import Receive, Scope, Send

from bedplate.platform.errors import Forbidden, Invalid, NotFound, TooLarge, Unauthenticated
from bedplate.platform.http.problems import exception_handlers
from bedplate.platform.http.service import Service
from bedplate.platform.telemetry import current_traceparent, span
from bedplate.platform.telemetry.assembly import Telemetry
from bedplate.platform.telemetry.logs import configure_logging
from bedplate.settings.telemetry import TelemetrySettings
from fixtures.collector import Collector, attributes


@pytest.fixture
def collector() -> Generator[Collector]:
    collector = Collector()
    yield collector
    collector.close()


@pytest.fixture
def plain() -> Callable[[Any], dict[str, Any]]:
    return attributes


@get("/v1/broken")
async def break_off() -> Stream:
    async def parts() -> AsyncGenerator[bytes]:
        yield b"one"
        raise LookupError

    return Stream(parts())


@pytest.fixture
def lines(capfd: pytest.CaptureFixture[str]) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """JSON log lines written since the last call."""

    def read() -> list[dict[str, Any]]:
        return [msgspec.json.decode(line) for line in capfd.readouterr().err.splitlines() if line]

    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield read
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


class Refuses:
    """Stands for the limiter: an edge that refuses before routing."""

    paths: ClassVar[set[str]] = set()

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["headers"] and (b"x-limited", b"yes") in scope["headers"]:
            await send({"type": "http.response.start", "status": 429, "headers": []})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        await self.app(scope, receive, send)


@get("/v1/things/{thing_id:uuid}", sync_to_thread=False)
def read_thing(thing_id: FromPath[UUID], status: FromQuery[int] = 200) -> dict[str, str]:
    refusals = {401: Unauthenticated, 403: Forbidden, 404: NotFound, 413: TooLarge, 422: Invalid}
    if status == 500:
        raise LookupError("secret-canary owner@team.example")
    if status in refusals:
        raise refusals[status]
    return {"id": str(thing_id)}


@get("/v1/named/{name:str}", sync_to_thread=False)
def read_named(name: FromPath[str]) -> str:
    return name


@post("/v1/things")
async def make_thing(request: Request[Any, Any, Any]) -> dict[str, str]:
    with span("outer"), span("inner", "client", answer=42):
        return {
            "request_id": request.scope["state"]["request_id"],
            "traceparent": current_traceparent() or "",
        }


type Serve = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def serve(lines: object) -> Serve:
    @asynccontextmanager
    async def serving(**settings: Any) -> AsyncGenerator[httpx.AsyncClient]:
        told = TelemetrySettings(**{"log_format": "json", **settings})
        configure_logging(told)
        telemetry = Telemetry(told, service="bedplate-test", version="1")
        app = Service(
            route_handlers=[read_thing, read_named, make_thing, break_off],
            exception_handlers=exception_handlers({}),
            openapi_config=None,
            logging_config=None,
        )
        app.wrap(telemetry.wrap, Refuses)
        async with telemetry.lifespan(app):
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://test.example") as client:
                yield client

    return serving
