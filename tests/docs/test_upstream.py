"""Faults of docs/upstream.md, seen from outside: a test that fails here says that a workaround may go."""

import inspect
from collections.abc import AsyncGenerator
from importlib.metadata import requires
from typing import Annotated, Any

import msgspec
import pytest
from litestar import Litestar, Response, get
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.testing import TestClient
from litestar.types import ASGIApp, Receive, Scope, Send
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from saq import worker as saq_worker


class Refused(Exception):  # noqa: N818 - a refusal is an answer
    pass


def refuse(_request: Any, _error: Refused) -> Response[str]:
    return Response("refused", status_code=409)


@get("/there", sync_to_thread=False)
def there() -> str:
    return "there"


def client(*handlers: Any, **options: Any) -> TestClient[Litestar]:
    app = Litestar([*handlers], exception_handlers={Refused: refuse}, logging_config=None, **options)
    return TestClient(app, raise_server_exceptions=False)


def test_litestar_middleware_sees_neither_404_nor_405() -> None:
    seen: list[str] = []

    class Watch:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            seen.append(scope["path"])
            await self.app(scope, receive, send)

    with client(there, middleware=[Watch]) as asked:
        assert (asked.get("/nowhere").status_code, asked.post("/there").status_code) == (404, 405)
    assert seen == []


def test_litestar_answers_of_exception_handlers_skip_after_request() -> None:
    def mark(response: Response[Any]) -> Response[Any]:
        response.headers["x-marked"] = "yes"
        return response

    @get("/refused", sync_to_thread=False)
    def refused() -> str:
        raise Refused

    with client(there, refused, after_request=mark) as asked:
        assert "x-marked" in asked.get("/there").headers
        assert "x-marked" not in asked.get("/refused").headers


def test_litestar_two_generator_dependencies_turn_a_refusal_into_500() -> None:
    async def commits() -> AsyncGenerator[int]:
        yield 1
        raise Refused

    async def another() -> AsyncGenerator[int]:
        yield 2

    @get("/one", dependencies={"first": Provide(commits)}, sync_to_thread=False)
    def one(first: int) -> int:
        return first

    both = {"first": Provide(commits), "second": Provide(another)}

    @get("/two", dependencies=both, sync_to_thread=False)
    def two(first: int, second: int) -> int:
        return first + second

    with client(one, two) as asked:
        assert (asked.get("/one").status_code, asked.get("/two").status_code) == (409, 500)


def test_litestar_an_unknown_page_of_the_documents_is_html() -> None:
    with client(there) as asked:
        assert asked.get("/schema/nothing").headers["content-type"].startswith("text/html")


class Small(msgspec.Struct):
    size: int


class Large(msgspec.Struct):
    size: int
    parts: Annotated[tuple[Small, ...], msgspec.Meta(max_length=9)] = ()


def test_litestar_documents_a_tuple_as_holding_anything_and_a_union_as_exclusive() -> None:
    @get("/either", sync_to_thread=False)
    def either() -> Large | Small:
        return Small(1)

    app = Litestar([either], openapi_config=OpenAPIConfig("Either", "1"), logging_config=None)
    document = app.openapi_schema.to_schema()
    answer = document["paths"]["/either"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert len(answer["oneOf"]) == 2
    large = document["components"]["schemas"]["Large"]
    assert {} in large["properties"]["parts"]["items"]["oneOf"]


def test_redis_waits_five_seconds_by_default() -> None:
    assert inspect.signature(AbstractConnection.__init__).parameters["socket_timeout"].default == 5


async def test_redis_a_unix_socket_takes_no_keepalive() -> None:
    with pytest.raises(TypeError, match="socket_keepalive"):
        await Redis.from_url("unix:///nowhere.sock", socket_keepalive=True).ping()


def test_saq_imports_what_it_does_not_declare() -> None:
    assert "typing_extensions" in inspect.getsource(saq_worker)
    assert not any(one.startswith("typing") for one in requires("saq") or ())
