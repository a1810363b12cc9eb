"""HEAD, OPTIONS and Allow (RFC 9110 section 9.3)."""

import asyncio

import httpx
import pytest
from litestar import Litestar, get
from litestar.response import ServerSentEvent

from bedplate.platform.http.methods import allowed, in_rare_method
from fixtures.people import Join


async def test_head_is_get_without_its_body(asgi: httpx.AsyncClient, join: Join) -> None:
    person = await join(asgi)
    got = await asgi.get("/v1/me", headers=person.headers)
    head = await asgi.head("/v1/me", headers=person.headers)
    assert (head.status_code, head.content) == (200, b"")
    varying = {"x-request-id", "ratelimit", "date"}
    assert {n: v for n, v in head.headers.items() if n not in varying} == {
        n: v for n, v in got.headers.items() if n not in varying
    }
    unchanged = await asgi.head("/v1/me", headers={**person.headers, "If-None-Match": got.headers["etag"]})
    assert unchanged.status_code == 304


async def test_head_is_refused_as_get_is(asgi: httpx.AsyncClient) -> None:
    assert [(await asgi.head(path)).status_code for path in ("/v1/me", "/v1/nothing")] == [401, 404]
    refused = await asgi.head("/v1/auth/login")
    assert (refused.status_code, refused.content) == (405, b"")


async def test_allow_names_every_method(asgi: httpx.AsyncClient) -> None:
    # Two controllers share this path.
    options = await asgi.options("/v1/me")
    assert (options.status_code, options.content) == (204, b"")
    assert options.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH"
    for method in ("PUT", "TRACE", "CONNECT", "BREW"):
        refused = await asgi.request(method, "/v1/me")
        assert refused.status_code == 405
        assert refused.headers["allow"] == options.headers["allow"]


@pytest.mark.parametrize(("methods", "whole"), [("POST, GET", "GET, HEAD, POST"), ("POST", "POST")])
def test_allow_is_made_whole(methods: str, whole: str) -> None:
    assert allowed(methods) == whole


async def test_head_of_a_stream_without_end_ends() -> None:
    closed = asyncio.Event()

    @get("/events")
    async def follow() -> ServerSentEvent:
        async def events() -> object:  # type: ignore[misc]
            try:
                while True:
                    yield "more"
                    await asyncio.sleep(0)
            finally:
                closed.set()

        return ServerSentEvent(events())  # type: ignore[arg-type]

    app = Litestar([follow], openapi_config=None, logging_config=None)
    sent: list[object] = []

    async def never() -> object:
        await asyncio.Event().wait()
        return None

    async def send(message: object) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "HEAD", "path": "/events", "raw_path": b"/events", "query_string": b""}
    scope |= {"headers": [], "state": {}}
    receive, send_head = in_rare_method(scope, never, send)  # type: ignore[arg-type]
    async with asyncio.timeout(60):
        await app(scope, receive, send_head)  # type: ignore[arg-type]
        await closed.wait()
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]  # type: ignore[index]
    assert sent[1]["body"] == b""  # type: ignore[index]
    assert scope["method"] == "HEAD"
