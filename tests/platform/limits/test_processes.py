"""The limits of the really served application, over four processes."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import httpx
import msgspec
import pytest

from bedplate.platform.embedded.valkey import Valkey
from bedplate.settings import Secret, Settings
from bedplate.settings.redis import RedisSettings
from fixtures.fleet import Fleet, forked
from fixtures.people import sign_up
from fixtures.service import PLAIN

ROUTES = (
    "/v1/me",
    "/v1/auth/sessions",
    "/v1/auth/providers",
    "/v1/plans",
    "/v1/teams",
    "/v1/jobs",
    "/.well-known/jwks.json",
    "/openapi.json",
)
REFUSED = 429


def restored(began: float) -> int:
    """How many of a hundred an hour came back since: one in 36 seconds, which a busy machine may take."""
    return int((time.monotonic() - began) / 36)


@pytest.fixture(scope="module")
def forks(
    settings: Settings, own_valkey: Valkey, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fleet]:
    """Four processes with a Redis of their own; reading is limited."""
    alone = msgspec.structs.replace(settings, redis=RedisSettings(url=Secret(own_valkey.url)))
    told = {
        "BEDPLATE_LIMITS_OVERRIDES": "read=100/3600 lease:0,auth=100/3600 lease:50",
        "BEDPLATE_HTTP_TRUSTED_PROXIES": "127.0.0.0/8",
    }
    with forked(alone, tmp_path_factory.mktemp("limited"), **told) as fleet:
        yield fleet


@pytest.fixture
async def four(forks: Fleet) -> AsyncIterator[list[httpx.AsyncClient]]:
    """A client of each of them."""
    await forks.up()
    async with AsyncExitStack() as stack:
        opened = [
            httpx.AsyncClient(
                base_url=origin, timeout=600, verify=PLAIN, limits=httpx.Limits(max_connections=16)
            )
            for origin in forks.origins
        ]
        yield [await stack.enter_async_context(client) for client in opened]


async def tell(clients: list[httpx.AsyncClient], line: str) -> None:
    """Wait until each process tells a metric's line; a request first, for only a try finds the store well again."""
    async with asyncio.timeout(60):
        for client in clients:
            while line not in (await client.get("/metrics")).text.splitlines():
                await client.get("/v1/auth/providers")
                await asyncio.sleep(0.05)


async def storm(clients: list[httpx.AsyncClient], headers: dict[str, str], requests: int) -> Counter[int]:
    async def ask(number: int) -> int:
        client = clients[number // len(ROUTES) % len(clients)]
        return (await client.get(ROUTES[number % len(ROUTES)], headers=headers)).status_code

    return Counter(await asyncio.gather(*(ask(number) for number in range(requests))))


@pytest.mark.faults
@pytest.mark.parametrize("requests", [160, pytest.param(2_000, marks=pytest.mark.nightly)])
async def test_one_policy_over_eight_routes_and_four_processes(
    four: list[httpx.AsyncClient], own_valkey: Valkey, requests: int
) -> None:
    began = time.monotonic()
    first = await sign_up(four[0])
    seen = await storm(four, first.headers, requests)
    # Signing up read /v1/me once.
    assert 99 <= seen.total() - seen[REFUSED] <= 99 + restored(began)
    assert max(seen) < 500

    began = time.monotonic()
    second = await sign_up(four[0])
    # One that has just begun, the others hear of at their next beat.
    await tell(four, f"bedplate_limiter_processes {len(four)}.0")
    own_valkey.stop()
    seen = await storm(four, second.headers, requests)
    assert seen.total() - seen[REFUSED] <= 104 + restored(began)
    assert max(seen) < 500

    own_valkey.start()
    seen = await storm(four, second.headers, 100)
    assert max(seen) < 500


@pytest.mark.faults
@pytest.mark.parametrize("requests", [200, pytest.param(2_000, marks=pytest.mark.nightly)])
async def test_a_leased_policy_over_four_processes(
    four: list[httpx.AsyncClient], own_valkey: Valkey, requests: int
) -> None:
    own_valkey.start()
    await tell(four, "bedplate_limiter_degraded 0.0")
    # A client of its own, behind a proxy: others of this file sign in under the same policy.
    headers = {"X-Forwarded-For": f"203.0.113.{requests % 251}"}

    async def ask(number: int) -> int:
        answer = await four[number % 4].post(
            "/v1/auth/refresh", json={"refresh_token": "none"}, headers=headers
        )
        return answer.status_code

    began = time.monotonic()
    seen = Counter(await asyncio.gather(*(ask(number) for number in range(requests))))
    assert 90 <= seen.total() - seen[REFUSED] <= 100 + restored(began)
    assert max(seen) < 500


@pytest.mark.faults
async def test_no_request_fails_while_redis_goes_and_comes(
    four: list[httpx.AsyncClient], own_valkey: Valkey
) -> None:
    person = await sign_up(four[0])
    over, seen = asyncio.Event(), Counter[int]()

    async def load(client: httpx.AsyncClient) -> None:
        while not over.is_set():
            seen[(await client.get("/v1/me", headers=person.headers)).status_code] += 1

    async def some_more() -> None:
        goal = seen.total() + 100
        async with asyncio.timeout(60):
            while seen.total() < goal:
                await asyncio.sleep(0.001)

    async with asyncio.TaskGroup() as loads:
        for client in four * 2:
            loads.create_task(load(client))
        for change in (own_valkey.stop, own_valkey.start) * 2:
            change()
            await some_more()
        over.set()
    assert max(seen) < 500, seen
