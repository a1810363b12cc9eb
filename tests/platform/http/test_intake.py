"""Bodies that are encoded, trickle, or never end, over the really served service."""

import asyncio
import gzip
import re
from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from bedplate.settings import Settings
from fixtures.people import Join
from fixtures.service import Served

JSON = {"Content-Type": "application/json"}
BOMB = gzip.compress(b'{"email":"' + b"a" * 50_000_000 + b'"}')


@pytest.mark.security
async def test_row_32_an_encoded_body_is_refused_undecoded(visitor: httpx.AsyncClient) -> None:
    for encoding in ("gzip", "br", "zstd", "deflate", "x-unknown"):
        headers = {**JSON, "Content-Encoding": encoding}
        answer = await visitor.post("/v1/auth/login", content=BOMB, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
        assert answer.headers["accept-encoding"] == "identity"
    plain = {**JSON, "Content-Encoding": "identity"}
    assert (await visitor.post("/v1/auth/login", content=b"{", headers=plain)).status_code == 400


async def speak(served: Served, request: bytes, pieces: AsyncIterator[bytes]) -> tuple[bytes, bytes]:
    """Send a request piece by piece, and read the head and the body of the answer."""
    host, _, port = served.origin.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)

    async def trickle() -> None:
        async for piece in pieces:
            writer.write(piece)
            await writer.drain()

    sending = asyncio.create_task(trickle())
    try:
        async with asyncio.timeout(30):
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head)
            return head, await reader.readexactly(int(length[1]) if length else 0)
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.close()


async def drops() -> AsyncIterator[bytes]:
    while True:
        yield b"a"
        await asyncio.sleep(0.05)


async def nothing() -> AsyncIterator[bytes]:
    return
    yield b""


def head(path: str, *fields: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: api.bedplate.test", "Content-Type: application/json", *fields]
    return "\r\n".join([*lines, "", ""]).encode()


@pytest.mark.security
async def test_row_32_a_body_that_trickles_is_cut(edged: Served, asgi: httpx.AsyncClient, join: Join) -> None:
    person = await join(asgi)
    signed_in = f"Authorization: {person.headers['Authorization']}"
    anonymous = head("/v1/auth/login", "Content-Length: 100000") + b'{"email":"'
    plain = head("/v1/plans", signed_in, "Content-Length: 100000") + b'{"key":"'
    keyed = head("/v1/plans", signed_in, "Idempotency-Key: slow", "Content-Length: 100000") + b'{"key":"'
    requests = [(anonymous, drops()), (anonymous, nothing()), (plain, drops()), (keyed, nothing())]
    answers = await asyncio.gather(*(speak(edged, request, pieces) for request, pieces in requests))
    for top, body in answers:
        assert top.startswith(b"HTTP/1.1 408")
        assert b"connection: close" in top.lower()
        assert b'"code":"request_timeout"' in body


@pytest.mark.security
async def test_row_32_a_body_over_the_limit_is_not_waited_for(edged: Served) -> None:
    request = head("/v1/auth/login", "Content-Length: 9000000000") + b"{"
    assert (await speak(edged, request, nothing()))[0].startswith(b"HTTP/1.1 413")


@pytest.mark.security
async def test_row_32_heads_are_bounded(visitor: httpx.AsyncClient, settings: Settings) -> None:
    many = {f"X-Field-{number}": "1" for number in range(100)}
    assert (await visitor.get("/health/live", headers=many)).status_code == 431
    large = {"X-Field": "a" * (settings.http.max_headers + 1024)}
    assert (await visitor.get("/health/live", headers=large)).status_code == 431
    assert (await visitor.get("/health/live", headers={"X-Field": "a" * 8000})).status_code == 200


def test_heads_are_bounded_by_settings(settings: Settings) -> None:
    from bedplate.cli.children import server_limits

    http = msgspec.structs.replace(settings.http, max_headers=16_384, header_timeout=2.5)
    assert server_limits(http) == {
        "GRANIAN_HTTP1_BUFFER_SIZE": "16384",
        "GRANIAN_HTTP1_HEADER_READ_TIMEOUT": "2500",
        "GRANIAN_HTTP2_MAX_HEADERS_SIZE": "16384",
    }
