import contextlib
import time
import uuid

import httpx
import pytest

from bedplate.platform.telemetry.exchange import Exchange
from bedplate.platform.telemetry.incoming import Incoming
from bedplate.platform.telemetry.scrape import may_scrape, render

THING = "/v1/things/0190b8a4-0000-7000-8000-000000000001"
ROUTE = "/v1/things/{thing_id}"


def counted() -> dict[str, float]:
    """Requests by series."""
    series = (line.rpartition(" ") for line in render().decode().splitlines())
    return {
        name: float(value) for name, _, value in series if name.startswith("bedplate_http_requests_total")
    }


def shown() -> set[str]:
    """All series but the collector's, which looks at an older generation when it comes to that."""
    names = {line.rpartition(" ")[0] for line in render().decode().splitlines()}
    return {name for name in names if not name.startswith("bedplate_gc_")}


def one(method: str, route: str, status: int) -> str:
    return f'bedplate_http_requests_total{{method="{method}",route="{route}",status="{status}"}}'


@pytest.mark.parametrize("status", [200, 401, 403, 404, 413, 422, 500])
async def test_answers_count_as_what_they_are(serve, status):
    async with serve() as client:
        before = counted()
        answer = await client.get(THING, params={"status": status})
        after = counted()
    assert answer.status_code == status
    series = one("GET", ROUTE, status)
    assert after[series] == before.get(series, 0) + 1
    assert sum(after.values()) == sum(before.values()) + 1


async def test_a_method_not_allowed_counts_under_its_route(serve):
    async with serve() as client:
        before = counted()
        assert (await client.delete(THING)).status_code == 405
    series = one("DELETE", ROUTE, 405)
    assert counted()[series] == before.get(series, 0) + 1


async def test_what_an_edge_refuses_counts_under_its_route(serve):
    async with serve() as client:
        before = counted()
        assert (await client.get(THING, headers={"x-limited": "yes"})).status_code == 429
    series = one("GET", ROUTE, 429)
    assert counted()[series] == before.get(series, 0) + 1


async def test_why_requests_are_refused_is_counted_and_told(serve, lines):
    def refusals() -> dict[str, float]:
        told = (line.rpartition(" ") for line in render().decode().splitlines())
        return {n: float(v) for n, _, v in told if n.startswith("bedplate_http_refusals_total")}

    async with serve() as client:
        before = refusals()
        for status in (200, 401, 403, 404, 413, 422, 500):
            await client.get(THING, params={"status": status})
        await client.delete(THING)
        after = refusals()
    codes = {line["status"]: line.get("code") for line in lines() if line["event"] == "request"}
    assert codes.pop(200) is None
    assert all(codes.values())
    assert {405, 413, 500} < codes.keys()
    for status, code in codes.items():
        series = f'bedplate_http_refusals_total{{code="{code}",status="{status}"}}'
        assert after[series] == before.get(series, 0) + 1


@pytest.mark.parametrize("paths", [400, pytest.param(10_000, marks=pytest.mark.nightly)])
async def test_random_paths_add_no_series(serve, paths):
    async with serve() as client:
        await client.get("/the-first-makes-what-all-of-them-share")
        before, counts = shown(), counted()
        for _ in range(paths // 4):
            await client.get(f"/{uuid.uuid4()}")
            await client.get(f"/v1/{uuid.uuid4().hex}/{uuid.uuid4().hex}")
            await client.get(f"/v1/things/{uuid.uuid4().hex[:7]}")
            await client.request("GET", f"/v1/things/x/{uuid.uuid4()}")
        assert shown() - before == set()
    series = one("GET", "unmatched", 404)
    assert counted()[series] == counts[series] + paths


async def test_an_unknown_method_adds_one_series(serve):
    async with serve() as client:
        for method in ("BREW", "FROB"):
            await client.request(method, THING)
        text = render().decode()
    assert "BREW" not in text
    assert "_OTHER" in text


async def test_series_stand_at_zero_before_the_first_request(serve):
    async with serve():
        text = render().decode()
    assert {f"{one('POST', '/v1/things', status)} 0.0" for status in (500, 503)} <= set(text.splitlines())
    assert one("POST", "/v1/things", 201) in text


@pytest.mark.parametrize(
    ("client", "headers", "allowed"),
    [
        ("127.0.0.1", [], True),
        ("::1", [], True),
        ("127.0.0.1", [(b"x-forwarded-for", b"203.0.113.7")], False),
        ("127.0.0.1", [(b"forwarded", b"for=203.0.113.7")], False),
        ("203.0.113.7", [], False),
        (None, [], False),
        ("unix", [], False),
    ],
)
def test_metrics_on_the_api_are_for_loopback_callers(client, headers, allowed):
    assert may_scrape(client, headers) is allowed


async def test_an_answer_that_breaks_off_counts_as_failed_and_is_told(serve, lines):
    series = one("GET", "/v1/broken", 500)
    async with serve(sample_ratio=0.0) as client:
        before = counted()
        with contextlib.suppress(httpx.HTTPError):
            await client.get("/v1/broken")
        assert counted()[series] == before.get(series, 0) + 1
    told = lines()
    assert [line["level"] for line in told if line["event"] == "request"] == ["error"]
    assert any(line["event"] == "unhandled error" for line in told)


async def _sent(_message: object) -> None: ...


def test_a_stream_of_events_takes_no_longer_than_until_it_began():
    scope = {"method": "GET", "path": "/", "raw_path": b"/", "headers": [], "state": {}}
    exchange = Exchange(_sent, scope)
    exchange.root = Incoming(0.0, 0, None).begin([])
    exchange.root.start = time.perf_counter_ns() - 100_000_000
    exchange.started = exchange.root.start + 1_000_000
    exchange.status, exchange.headers = 200, [(b"content-type", b"text/event-stream")]
    exchange.finish(scope, None, None)
    assert exchange.elapsed == 1_000_000
