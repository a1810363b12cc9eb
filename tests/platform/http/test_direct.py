"""Which handlers are called directly, and that nobody can tell."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from litestar import Litestar, get, post
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler
from litestar.middleware import DefineMiddleware
from litestar.types import ASGIApp

from bedplate.platform.errors import NotFound
from bedplate.platform.http.body import TypedRequest
from bedplate.platform.http.direct import argument_models, direct_call
from bedplate.platform.http.layers import RouteLayers
from bedplate.platform.http.problems import exception_handlers
from fixtures.apps import calling

closed: list[str] = []


async def opened() -> AsyncIterator[str]:
    yield "open"
    closed.append("closed")


@get("/request")
async def of_request(request: TypedRequest) -> str:
    return request.method


@get("/parsed/{number:int}")
async def parsed(number: int, twice: int, plain: str) -> list[Any]:
    return [number, twice, plain]


@get("/missing")
async def missing() -> None:
    raise NotFound


@get("/opened")
async def with_an_end(resource: str) -> str:
    return resource


@post("/posted")
async def posted() -> str:
    return "posted"


@pytest.fixture
def app() -> Litestar:
    models: dict[Any, Any] = {}

    def layer(app: ASGIApp, handler: BaseRouteHandler) -> ASGIApp:
        return direct_call(app, handler, models)

    made = Litestar(
        [of_request, parsed, missing, with_an_end, posted],
        dependencies={
            "plain": Provide(lambda: "plain", sync_to_thread=False),
            "resource": Provide(opened),
        },
        middleware=[DefineMiddleware(RouteLayers, layers=[layer])],
        exception_handlers=exception_handlers({}),
        request_class=TypedRequest,
        openapi_config=None,
        logging_config=None,
    )
    models.update(argument_models(made))
    return made


@pytest.fixture
async def client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(app) as client:
        yield client


async def test_arguments_are_found_as_litestar_finds_them(client: httpx.AsyncClient) -> None:
    assert (await client.get("/request")).text == "GET"
    assert (await client.get("/parsed/3?twice=6")).json() == [3, 6, "plain"]
    assert (await client.get("/parsed/3?twice=x")).status_code == 422


async def test_a_failure_is_answered(client: httpx.AsyncClient) -> None:
    answer = await client.get("/missing")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_what_must_be_closed_is_closed(client: httpx.AsyncClient) -> None:
    closed.clear()
    assert (await client.get("/opened")).text == "open"
    assert closed == ["closed"]


def test_only_reads_whose_dependencies_do_not_wait_are_direct(app: Litestar) -> None:
    models = argument_models(app)
    untouched: Any = object()
    direct = {
        handler.fn.__name__ for handler in models if direct_call(untouched, handler, models) is not untouched
    }
    assert direct == {"of_request", "parsed", "missing"}
