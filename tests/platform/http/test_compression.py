"""Encoded answers: which, how, and never a secret."""

import gzip
import json
from random import Random
from typing import Any

import brotli
import httpx
import pytest
import zstandard
from litestar import Litestar, Response, get
from litestar.response import ServerSentEvent, Stream

from bedplate.platform.http.compression import Compression
from bedplate.platform.http.encodings import CODERS, negotiated
from bedplate.platform.http.outgoing import STATE, Outgoing
from fixtures.people import Join

DECODERS = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
}
NOISE = Random(7).randbytes(5000)  # noqa: S311 - what does not shrink, not what nobody guesses
WORDS = [f"word {number}" for number in range(1000)]


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", None),
        ("identity", None),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("*", "zstd"),
        ("*;q=0.5, zstd;q=0", "br"),
        ("zstd;q=0.2, gzip;q=0.9", "gzip"),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.4, gzip;q=0.5", "gzip"),
        ("gzip;q=0", None),
        ("*;q=0", None),
        ("gzip;q=nonsense", None),
        ("deflate, x-unknown", None),
    ],
)
def test_the_client_says_what_it_accepts(accept: str, chosen: str | None) -> None:
    assert negotiated(accept) == chosen


@get("/words", cache_control=None)
async def words() -> Response[list[str]]:
    return Response(WORDS, headers={"ETag": '"7"'})


@get("/public")
async def public() -> Response[list[str]]:
    return Response(WORDS, headers={"ETag": '"7"', "Cache-Control": "public, max-age=60", "Vary": "Origin"})


@get("/weak")
async def weak() -> Response[list[str]]:
    return Response(WORDS, headers={"ETag": 'W/"7"'})


@get("/small")
async def small() -> list[str]:
    return ["small"]


@get("/noise")
async def noise() -> Response[bytes]:
    return Response(NOISE, media_type="text/plain")


@get("/secret")
async def secret() -> Response[list[str]]:
    return Response(WORDS, headers={"Cache-Control": "no-store"})


@get("/cookie")
async def cookie() -> Response[list[str]]:
    return Response(WORDS, headers={"Set-Cookie": "a=b"})


@get("/returned", idempotent=False)
async def returned() -> list[str]:
    return WORDS


@get("/v1/auth/anything")
async def below_auth() -> list[str]:
    return WORDS


@get("/picture")
async def picture() -> Response[bytes]:
    return Response(b"a" * 5000, media_type="image/png")


@get("/transformed")
async def transformed() -> Response[list[str]]:
    return Response(WORDS, headers={"Cache-Control": "private, no-transform"})


@get("/lines")
async def lines() -> Stream:
    return Stream((f"{word}\n" for word in WORDS), media_type="application/x-ndjson")


@get("/events")
async def events() -> ServerSentEvent:
    return ServerSentEvent(iter(WORDS))


@get("/unchanged")
async def unchanged() -> Response[None]:
    return Response(None, status_code=304, headers={"ETag": '"7"'})


HANDLERS = [words, public, weak, small, noise, secret, cookie, returned, below_auth, picture, transformed]


@pytest.fixture
def shop() -> httpx.AsyncClient:
    inner = Litestar([*HANDLERS, lines, events, unchanged], openapi_config=None, logging_config=None)
    compression = Compression(1000)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["state"] = {}
        answer = scope["state"][STATE] = Outgoing(send, scope)
        answer.compression = compression
        await inner(scope, receive, answer)

    transport = httpx.ASGITransport(app=app)
    return httpx.AsyncClient(
        transport=transport, base_url="http://shop.test", headers={"Accept-Encoding": ""}
    )


async def body_of(client: httpx.AsyncClient, path: str, encoding: str) -> tuple[httpx.Response, bytes]:
    async with client.stream("GET", path, headers={"Accept-Encoding": encoding}) as answer:
        return answer, b"".join([piece async for piece in answer.aiter_raw()])


@pytest.mark.parametrize("encoding", CODERS)
async def test_a_large_answer_is_encoded(shop: httpx.AsyncClient, encoding: str) -> None:
    answer, raw = await body_of(shop, "/words", encoding)
    assert answer.headers["content-encoding"] == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert int(answer.headers["content-length"]) == len(raw) < len(json.dumps(WORDS)) / 3
    assert json.loads(DECODERS[encoding](raw)) == WORDS
    # Another representation, another strong validator (RFC 9110 section 8.8.3.3).
    assert answer.headers["etag"] == f'"7;{encoding}"'


@pytest.mark.parametrize("encoding", CODERS)
async def test_a_stream_is_encoded_as_it_goes(shop: httpx.AsyncClient, encoding: str) -> None:
    answer, raw = await body_of(shop, "/lines", encoding)
    assert (answer.headers["content-encoding"], "content-length" in answer.headers) == (encoding, False)
    assert DECODERS[encoding](raw).decode().split("\n")[:-1] == WORDS


async def test_who_accepts_nothing_gets_it_as_it_is_and_caches_are_told(shop: httpx.AsyncClient) -> None:
    answer = await shop.get("/words")
    assert ("content-encoding" in answer.headers, answer.headers["vary"]) == (False, "Accept-Encoding")
    assert (answer.headers["etag"], answer.json()) == ('"7"', WORDS)
    both, _ = await body_of(shop, "/public", "gzip")
    assert both.headers["vary"] == "Origin, Accept-Encoding"
    assert (await body_of(shop, "/weak", "gzip"))[0].headers["etag"] == 'W/"7"'


@pytest.mark.parametrize("path", ["/small", "/noise", "/picture", "/transformed", "/events"])
async def test_what_gains_nothing_is_left_alone(shop: httpx.AsyncClient, path: str) -> None:
    answer, raw = await body_of(shop, path, "zstd, br, gzip")
    assert (answer.status_code, "content-encoding" in answer.headers) == (200, False)
    assert len(raw) == int(answer.headers.get("content-length", len(raw)))


@pytest.mark.security
@pytest.mark.parametrize("path", ["/secret", "/cookie", "/returned", "/v1/auth/anything"])
async def test_row_26_the_length_of_an_answer_tells_nothing_of_a_secret(
    shop: httpx.AsyncClient, path: str
) -> None:
    answer, raw = await body_of(shop, path, "zstd, br, gzip")
    assert "content-encoding" not in answer.headers
    assert json.loads(raw) == WORDS


@pytest.mark.security
async def test_row_26_what_another_site_asks_for_is_not_encoded(shop: httpx.AsyncClient) -> None:
    headers = {"Accept-Encoding": "gzip", "Sec-Fetch-Site": "cross-site"}
    assert "content-encoding" not in (await shop.get("/words", headers=headers)).headers


async def test_a_public_body_is_encoded_once(shop: httpx.AsyncClient, monkeypatch: Any) -> None:
    from bedplate.platform.http import compression

    done: list[str] = []
    encode = compression.WHOLE["br"]
    monkeypatch.setattr(compression, "WHOLE", {"br": lambda body: done.append("br") or encode(body)})
    first, second = [await body_of(shop, "/public", "br") for _ in range(2)]
    assert (first[1], len(done)) == (second[1], 1)


async def test_an_unchanged_answer_bears_the_tag_that_the_client_holds(shop: httpx.AsyncClient) -> None:
    headers = {"Accept-Encoding": "br", "If-None-Match": '"7;br"'}
    assert (await shop.get("/unchanged", headers=headers)).headers["etag"] == '"7;br"'
    assert (await shop.get("/unchanged", headers={"If-None-Match": '"7"'})).headers["etag"] == '"7"'


@pytest.mark.parametrize("tag", ['"7"', '"7;br"'])
async def test_an_unchanged_answer_varies_as_the_whole_one(shop: httpx.AsyncClient, tag: str) -> None:
    answer = await shop.get("/unchanged", headers={"Accept-Encoding": "identity", "If-None-Match": tag})
    assert (answer.status_code, answer.headers["vary"]) == (304, "Accept-Encoding")


async def test_the_tag_of_an_encoded_answer_is_the_version_it_was(
    asgi: httpx.AsyncClient, join: Join
) -> None:
    person = await join(asgi)
    plan = await asgi.post("/v1/plans", json={"key": "large", "title": "P"}, headers=person.headers)
    tasks = f"{plan.headers['location']}/tasks"
    large = {"title": "T", "next_step": "large " * 300}
    path = (await asgi.post(tasks, json=large, headers=person.headers)).headers["location"]
    read = await asgi.get(path, headers={**person.headers, "Accept-Encoding": "zstd"})
    assert (read.headers["content-encoding"], read.headers["etag"]) == ("zstd", '"1;zstd"')
    again = await asgi.get(path, headers={**person.headers, "If-None-Match": read.headers["etag"]})
    assert (again.status_code, again.headers["etag"]) == (304, '"1;zstd"')
    head = await asgi.head(path, headers={**person.headers, "Accept-Encoding": "zstd"})
    assert (head.headers["etag"], head.headers["content-length"]) == (
        read.headers["etag"],
        read.headers["content-length"],
    )
    changed = {**person.headers, "If-Match": read.headers["etag"]}
    assert (await asgi.patch(path, json={"title": "Q"}, headers=changed)).status_code == 200
    assert (await asgi.patch(path, json={"title": "R"}, headers=changed)).status_code == 412
