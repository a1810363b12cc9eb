"""The limits of the really served application, over four processes."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import httpx
import msgspec
import pytest

from bedplate.platform.embedded.valkey import Valkey
from bedplate.settings import Secret, Settings
from bedplate.settings.redis import RedisSettings
from fixtures.people import sign_up
from fixtures.service import Served, serve

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


@pytest.fixture(scope="module")
def four(settings: Settings, own_valkey: Valkey) -> Iterator[Served]:
    """Four processes with a Redis of their own; reading is limited."""
    alone = msgspec.structs.replace(settings, redis=RedisSettings(url=Secret(own_valkey.url)))
    overrides = "read=100/3600 lease:0"
    served = serve(alone, workers=4, worker=False, BEDPLATE_LIMITS_OVERRIDES=overrides)
    yield served
    served.stop()


async def storm(client: httpx.AsyncClient, headers: dict[str, str], requests: int = 2000) -> Counter[int]:
    async def ask(number: int) -> int:
        return (await client.get(ROUTES[number % len(ROUTES)], headers=headers)).status_code

    return Counter(await asyncio.gather(*(ask(number) for number in range(requests))))


@pytest.mark.faults
async def test_one_policy_over_eight_routes_and_four_processes(four: Served, own_valkey: Valkey) -> None:
    limits = httpx.Limits(max_connections=64)
    async with httpx.AsyncClient(base_url=four.origin, timeout=60, limits=limits) as client:
        first = await sign_up(client)
        seen = await storm(client, first.headers)
        # Signing up read /v1/me once.
        assert seen.total() - seen[REFUSED] == 99
        assert max(seen) < 500

        second = await sign_up(client)
        own_valkey.stop()
        seen = await storm(client, second.headers)
        assert seen.total() - seen[REFUSED] <= 104
        assert max(seen) < 500

        own_valkey.start()
        seen = await storm(client, second.headers, 200)
        assert max(seen) < 500


@pytest.mark.faults
async def test_no_request_fails_while_redis_goes_and_comes(four: Served, own_valkey: Valkey) -> None:
    limits = httpx.Limits(max_connections=16)
    async with httpx.AsyncClient(base_url=four.origin, timeout=60, limits=limits) as client:
        person = await sign_up(client)
        over, seen = asyncio.Event(), Counter[int]()

        async def load() -> None:
            while not over.is_set():
                seen[(await client.get("/v1/me", headers=person.headers)).status_code] += 1

        async def some_more() -> None:
            goal = seen.total() + 100
            async with asyncio.timeout(30):
                while seen.total() < goal:
                    await asyncio.sleep(0.001)

        async with asyncio.TaskGroup() as loads:
            for _ in range(8):
                loads.create_task(load())
            for change in (own_valkey.stop, own_valkey.start) * 2:
                change()
                await some_more()
            over.set()
        assert max(seen) < 500, seen
