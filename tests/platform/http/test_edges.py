import asyncio
from uuid import uuid4

import httpx
import msgspec
import pytest
from litestar import Litestar, get
from litestar.middleware import DefineMiddleware

from bedplate.app import create_app
from bedplate.platform.auth.access import PUBLIC
from bedplate.platform.errors import TooLarge
from bedplate.platform.http.deadline import Deadlines, deadline_layer
from bedplate.platform.http.depth import too_deep
from bedplate.platform.http.layers import RouteLayers
from bedplate.platform.http.outgoing import STATE, Outgoing
from bedplate.platform.http.problems import exception_handlers
from bedplate.settings import Settings
from fixtures.people import Join, sign_up


def over(app: Litestar) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://bedplate.test")


async def test_every_framework_error_is_a_problem(asgi: httpx.AsyncClient) -> None:
    person = await sign_up(asgi)
    refusals = {
        404: await asgi.get("/v1/nothing"),
        405: await asgi.put("/v1/me"),
        401: await asgi.get("/v1/me"),
        422: await asgi.get("/v1/auth/sessions?limit=0", headers=person.headers),
        415: await asgi.post("/v1/auth/login", content=b"x", headers={"Content-Type": "text/plain"}),
        400: await asgi.post("/v1/auth/login", content=b"{", headers={"Content-Type": "application/json"}),
    }
    for status, answer in refusals.items():
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert {"type", "title", "status", "detail", "code", "request_id", "errors"} <= set(problem)
        assert problem["detail"]
        assert problem["status"] == status
        assert problem["request_id"] == answer.headers["x-request-id"]
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_type_of_problem_has_one_title(asgi: httpx.AsyncClient) -> None:
    """RFC 9457, section 3.1.3: of the framework's refusal as of ours."""
    person = await sign_up(asgi)
    ours = await asgi.get(f"/v1/plans/{uuid4()}", headers=person.headers)
    frameworks = await asgi.get("/v1/nothing")
    assert (frameworks.json()["type"], frameworks.json()["title"]) == (
        ours.json()["type"],
        ours.json()["title"],
    )
    large = await asgi.post("/v1/auth/login", json={"email": " " * 3_000_000})
    assert large.json()["title"] == TooLarge.title


async def test_an_empty_body_cannot_be_read(asgi: httpx.AsyncClient) -> None:
    answer = await asgi.post("/v1/auth/login", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert answer.json()["errors"] == [{"pointer": "", "rule": "required", "message": "The body is empty"}]


async def test_unknown_fields_and_parameters_are_named(asgi: httpx.AsyncClient) -> None:
    person = await sign_up(asgi)
    body = await asgi.post(
        "/v1/plans", json={"key": "a", "title": "b", "role": "admin"}, headers=person.headers
    )
    assert (body.status_code, body.json()["errors"][0]["pointer"]) == (422, "/role")
    query = await asgi.get("/v1/plans?colour=red&utm_source=mail", headers=person.headers)
    assert (query.status_code, [e["pointer"] for e in query.json()["errors"]]) == (422, ["/colour"])
    assert (await asgi.get("/v1/plans?utm_source=mail", headers=person.headers)).status_code == 200


@pytest.mark.parametrize(
    ("query", "pointer", "rule"),
    [
        ("limit=1&limit=2", "/limit", "repeated"),
        ("sort=key&limit=1&sort=key", "/sort", "repeated"),
        ("cursor=", "/cursor", "length"),
        ("sort=", "/sort", "length"),
        ("limit=", "/limit", "type"),
    ],
)
async def test_a_parameter_has_one_value(
    asgi: httpx.AsyncClient, join: Join, query: str, pointer: str, rule: str
) -> None:
    person = await join(asgi)
    answer = await asgi.get(f"/v1/plans?{query}", headers=person.headers)
    errors = [(error["pointer"], error["rule"]) for error in answer.json()["errors"]]
    assert (answer.status_code, errors) == (422, [(pointer, rule)])


async def test_a_refusal_points_at_a_parameter_by_the_name_clients_know(
    asgi: httpx.AsyncClient, join: Join
) -> None:
    person = await join(asgi)
    plan = await asgi.post("/v1/plans", json={"key": "p", "title": "P"}, headers=person.headers)
    for query, pointer in (("tasks?state=bogus", "/state"), ("standup?date=bogus", "/date")):
        answer = await asgi.get(f"{plan.headers['location']}/{query}", headers=person.headers)
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_a_cursor_is_of_one_list_and_unforged(asgi: httpx.AsyncClient, join: Join) -> None:
    person = await join(asgi)
    for number in range(3):
        await asgi.post("/v1/plans", json={"key": f"p{number}", "title": "P"}, headers=person.headers)
    first = await asgi.get("/v1/plans?limit=2", headers=person.headers)
    cursor = first.json()["next_cursor"]
    assert f"cursor={cursor}" in first.headers["link"]
    second = await asgi.get(f"/v1/plans?limit=2&cursor={cursor}", headers=person.headers)
    assert second.json()["next_cursor"] is None
    keys = [plan["key"] for page in (first, second) for plan in page.json()["items"]]
    assert sorted(keys) == ["p0", "p1", "p2"]
    for path in (f"/v1/auth/sessions?cursor={cursor}", f"/v1/plans?cursor={cursor[:-2]}AA"):
        answer = await asgi.get(path, headers=person.headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")


@pytest.mark.parametrize(
    ("body", "deep"), [(b'{"a":"[[[["}', False), (b"[" * 70, True), (b"[1]" * 70, False)]
)
def test_depth_counts_nesting_alone(body: bytes, deep: bool) -> None:  # noqa: FBT001
    assert too_deep(body, 64) is deep


@pytest.mark.parametrize(
    ("body", "deep"),
    [
        (b"[" * 64 + b"]" * 64, False),
        (b'[{"a":' * 33 + b"1" + b"}]" * 33, True),
        (b'["a\\\\",' * 65, True),
        (b'["\\\\\\"[",' + b'"[]",' * 70, False),
    ],
)
def test_depth_is_told_past_escapes_and_kinds_of_bracket(body: bytes, deep: bool) -> None:  # noqa: FBT001
    assert too_deep(body, 64) is deep


@pytest.mark.security
async def test_row_32_a_string_without_an_end_is_refused_at_once(asgi: httpx.AsyncClient) -> None:
    # A pattern that starts anew at each escaped quote would look at these for hours.
    body = b"[" * 65 + b'"' + b'\\"' * 1_250_000
    answer = await asgi.post("/v1/auth/login", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["errors"][0]["rule"]) == (400, "depth")


@pytest.mark.security
async def test_row_26_answers_carry_the_headers_and_tell_no_version(asgi: httpx.AsyncClient) -> None:
    for answer in (await asgi.get("/v1/nothing"), await asgi.get("/health/live"), await asgi.get("/docs")):
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "litestar" not in str(answer.headers).lower()
    login = await asgi.post("/v1/auth/login", json={"email": "a@b.example", "password": "x"})
    assert login.headers["cache-control"] == "no-store"
    assert (await asgi.request("TRACE", "/v1/me")).status_code == 405


@pytest.mark.security
async def test_row_32_a_large_body_is_413(asgi: httpx.AsyncClient) -> None:
    body = b'{"email":"' + b"a" * 3_000_000 + b'"}'
    answer = await asgi.post("/v1/auth/login", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "content_too_large")


@pytest.mark.security
async def test_row_32_deep_json_is_400(asgi: httpx.AsyncClient) -> None:
    body = b'{"email":' + b"[" * 500 + b"]" * 500 + b"}"
    answer = await asgi.post("/v1/auth/login", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["errors"][0]["rule"]) == (400, "depth")


@pytest.mark.security
async def test_row_25_cors_is_off_until_an_origin_is_allowed(
    asgi: httpx.AsyncClient, settings: Settings
) -> None:
    origin = {"Origin": "https://app.example"}
    assert "access-control-allow-origin" not in (await asgi.get("/health/live", headers=origin)).headers
    http = msgspec.structs.replace(settings.http, allowed_origins=("https://app.example",))
    async with over(create_app(msgspec.structs.replace(settings, http=http))) as client:
        allowed = await client.get("/health/live", headers=origin)
        assert allowed.headers["access-control-allow-origin"] == "https://app.example"
        other = await client.get("/health/live", headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize(("of_all", "own"), [(0.01, {}), (3600.0, {"timeout": 0.01})], ids=["all", "own"])
async def test_a_request_that_takes_too_long_is_given_up(of_all: float, own: dict[str, float]) -> None:
    @get("/slow", access=PUBLIC, **own)
    async def slow() -> None:
        await asyncio.Event().wait()

    layers = [lambda app, handler: deadline_layer(app, handler, Deadlines(of_all))]
    app = Litestar(
        [slow],
        middleware=[DefineMiddleware(RouteLayers, layers=layers)],
        exception_handlers=exception_handlers({}),
        openapi_config=None,
        logging_config=None,
    )
    sent: list[object] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: object) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/slow",
        "raw_path": b"/slow",
        "query_string": b"",
        "headers": [],
        "state": {},
    }
    scope["state"][STATE] = Outgoing(send, scope)
    async with asyncio.timeout(30):
        await app(scope, receive, send)
    assert sent[0]["status"] == 503
