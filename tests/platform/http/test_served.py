"""The edges of the service as granian serves it."""

import httpx
import pytest

from fixtures.service import Served

from .conftest import ORIGIN

PAGE = {"Origin": ORIGIN}


async def test_a_cached_public_answer_has_each_encoding_right(visitor: httpx.AsyncClient) -> None:
    bodies: set[bytes] = set()
    for encoding in ("identity", "gzip", "br", "zstd", "identity"):
        answer = await visitor.get("/openapi.json", headers={"Accept-Encoding": encoding})
        assert answer.headers.get("content-encoding", "identity") == encoding
        assert "accept-encoding" in answer.headers["vary"].lower()
        bodies.add(answer.content)
    assert len(bodies) == 1


async def test_a_page_of_an_allowed_origin_may_read_answers_and_refusals(visitor: httpx.AsyncClient) -> None:
    for path, status in (("/health/live", 200), ("/v1/me", 401), ("/nowhere", 404)):
        answer = await visitor.get(path, headers=PAGE)
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (status, ORIGIN)
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert "retry-after" in answer.headers["access-control-expose-headers"]
        assert "Origin" in answer.headers["vary"]


async def test_a_preflight_names_what_is_allowed(visitor: httpx.AsyncClient) -> None:
    ask = {**PAGE, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "if-match"}
    answer = await visitor.options("/v1/plans", headers=ask)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, ORIGIN)
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    assert "if-match" in answer.headers["access-control-allow-headers"]
    assert answer.headers["vary"] == "Origin"


@pytest.mark.security
async def test_row_25_another_origin_is_told_nothing(visitor: httpx.AsyncClient) -> None:
    for origin in ("https://evil.example", "https://app.example.evil.example", "null", f"{ORIGIN}:8443"):
        ask = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        for answer in (
            await visitor.get("/health/live", headers=ask),
            await visitor.options("/v1/me", headers=ask),
        ):
            assert not [name for name in answer.headers if name.startswith("access-control-")]
            assert answer.headers["vary"] == "Origin"


@pytest.mark.security
@pytest.mark.parametrize(
    "origin",
    [
        ORIGIN.replace("https", "http"),
        ORIGIN.replace("app.", "www.app."),
        ORIGIN.replace("app.", "evil-app."),
        f"{ORIGIN}.",
        f"{ORIGIN}@evil.example",
        ORIGIN[:-1],
        "*",
    ],
)
async def test_row_25_an_origin_is_the_allowed_one_whole(visitor: httpx.AsyncClient, origin: str) -> None:
    ask = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    for answer in (
        await visitor.get("/health/live", headers=ask),
        await visitor.options("/v1/me", headers=ask),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.security
async def test_row_06_only_our_hosts_are_answered(visitor: httpx.AsyncClient) -> None:
    for host, status in (("evil.example", 421), ("bedplate.test", 421), ("api.bedplate.test:8000", 404)):
        answer = await visitor.get("/nowhere", headers={"Host": host})
        assert answer.status_code == status, host
        assert answer.headers["content-type"] == "application/problem+json"
    assert (await visitor.get("/health/live", headers={"Host": "10.1.2.3"})).status_code == 200


async def test_head_is_answered_without_a_body(edged: Served, visitor: httpx.AsyncClient) -> None:
    for path in ("/health/live", "/openapi.json", "/.well-known/jwks.json"):
        head, got = await visitor.head(path), await visitor.get(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == got.headers["content-length"]
    # The connection is still in step: the same one carries what follows.
    assert (await visitor.get("/health/live")).status_code == 200
