import asyncio
from typing import Any

import pytest

from bedplate.platform.embedded.valkey import Valkey
from bedplate.platform.limits import HOUR, Limits, Policy, TooManyRequests, per_user
from bedplate.platform.limits.metrics import TRIPS
from bedplate.platform.redis import connect
from bedplate.settings import Secret
from bedplate.settings.redis import RedisSettings

from .conftest import charge, limits_on

EXACT = per_user(100, HOUR, name="exact")
LEASED = per_user(100, HOUR, name="leased", lease=50)


async def passed(processes: list[Limits], policy: Policy, requests: int) -> int:
    async def ask(number: int) -> bool:
        limits = processes[number % len(processes)]
        return (await limits.limiter.acquire([charge(limits, policy)])).allowed

    return sum(await asyncio.gather(*(ask(number) for number in range(requests))))


def trips() -> float:
    return TRIPS("ok")._value.get() + TRIPS("error")._value.get()


@pytest.mark.parametrize("store", ["redis", "memory"])
async def test_never_more_than_the_limit_passes(redis: Any, store: str) -> None:
    processes = [limits_on(redis, store=store) for _ in range(4 if store == "redis" else 1)]
    assert await passed(processes, EXACT, 2000) == 100


async def test_a_leased_policy_passes_as_many_with_few_trips(redis: Any) -> None:
    processes = [limits_on(redis) for _ in range(4)]
    before = trips()
    assert 90 <= await passed(processes, LEASED, 2000) <= 100
    assert trips() - before < 100


async def test_a_lease_is_shared_beside_a_policy_that_has_none(redis: Any) -> None:
    processes = [limits_on(redis) for _ in range(4)]
    wide = per_user(10_000, HOUR, name="wide")

    async def ask(number: int) -> bool:
        limits = processes[number % len(processes)]
        return (await limits.limiter.acquire([charge(limits, LEASED), charge(limits, wide)])).allowed

    assert 90 <= sum(await asyncio.gather(*(ask(number) for number in range(2000)))) <= 100


async def test_what_one_policy_refuses_is_not_spent_of_another(redis: Any) -> None:
    limits, narrow = limits_on(redis, remember=0.0), per_user(1, HOUR, name="narrow")
    for _ in range(50):
        await limits.limiter.acquire([charge(limits, LEASED), charge(limits, narrow)])
    assert 90 <= await passed([limits], LEASED, 200) <= 99


async def test_a_lease_dwindles_as_the_store_forgets_it(redis: Any) -> None:
    # 100 a second: what is leased and what the store holds never add up to more than the burst.
    policy = per_user(100, 1.0, name="quick", lease=12)
    one, two = limits_on(redis), limits_on(redis)
    assert (await one.limiter.acquire([charge(one, policy)])).allowed
    held = next(iter(one.limiter._leases._leases.values()))
    assert held.left > 0
    async with asyncio.timeout(60):
        while True:
            state = await two.store.spent("ip:192.0.2.1")
            if not state or state["quick"] == 0:
                break
            await asyncio.sleep(0.005)
    assert one.limiter.acquire_now([charge(one, policy)]) is None
    assert held.left == 0


async def test_a_remembered_refusal_makes_no_trip(redis: Any) -> None:
    limits = limits_on(redis)
    policy = per_user(1, HOUR, name="single")
    decisions = [await limits.limiter.acquire([charge(limits, policy)]) for _ in range(2)]
    assert [decision.allowed for decision in decisions] == [True, False]
    before = trips()
    for _ in range(10):
        assert not (await limits.limiter.acquire([charge(limits, policy)])).allowed
    assert trips() == before


async def test_several_policies_are_all_or_nothing(redis: Any) -> None:
    limits = limits_on(redis)
    wide, narrow = per_user(100, HOUR, name="wide"), per_user(2, HOUR, name="narrow")
    both = [charge(limits, wide), charge(limits, narrow, "ip:198.51.100.7")]
    decisions = [await limits.limiter.acquire(both) for _ in range(5)]
    assert [decision.allowed for decision in decisions] == [True, True, False, False, False]
    assert (await limits.limiter.acquire([charge(limits, wide)])).parts[0][1] == 97


async def test_a_refused_company_gives_its_lease_back(redis: Any) -> None:
    limits = limits_on(redis)
    narrow = per_user(1, HOUR, name="narrow")
    await limits.limiter.acquire([charge(limits, LEASED), charge(limits, narrow)])
    held = next(iter(limits.limiter._leases._leases.values()))
    before = held.left
    assert not (await limits.limiter.acquire([charge(limits, LEASED), charge(limits, narrow)])).allowed
    assert held.left == before


async def test_cost_counts(redis: Any) -> None:
    limits = limits_on(redis)
    decisions = [await limits.limiter.acquire([charge(limits, EXACT, cost=30)]) for _ in range(4)]
    assert [decision.allowed for decision in decisions] == [True, True, True, False]
    assert (await limits.limiter.acquire([charge(limits, EXACT, cost=10)])).allowed


async def test_a_refusal_says_when_to_come_back(redis: Any) -> None:
    limits = limits_on(redis)
    policy = per_user(2, 60.0, name="twice")
    for _ in range(2):
        decision = await limits.limiter.acquire([charge(limits, policy)])
    assert dict(decision.headers())[b"ratelimit-policy"] == b'"twice";q=2;w=60'
    assert dict(decision.headers())[b"ratelimit"].startswith(b'"twice";r=0;t=')
    failure = (await limits.limiter.acquire([charge(limits, policy)])).refusal()
    assert isinstance(failure, TooManyRequests)
    assert 25 <= int(failure.headers["Retry-After"]) <= 30
    assert failure.extra == {"violated-policies": ["twice"]}


async def test_without_the_store_each_process_grants_its_share(own_valkey: Valkey) -> None:
    own_valkey.stop()
    clients: list[Any] = [connect(RedisSettings(url=Secret(own_valkey.url))) for _ in range(4)]
    processes = [limits_on(client, processes=4) for client in clients]
    assert await passed(processes, EXACT, 2000) == 100
    closed = per_user(100, HOUR, name="closed", fail_closed=True)
    decision = await processes[0].limiter.acquire([charge(processes[0], closed)])
    assert (decision.unavailable, decision.refusal().status) == (True, 503)
    own_valkey.start()
    for client in clients:
        await client.aclose()


async def test_what_was_spent_counts_when_the_store_goes_and_comes_back(own_valkey: Valkey) -> None:
    client: Any = connect(RedisSettings(url=Secret(own_valkey.url)))
    limits = limits_on(client, processes=1, remember=0.0, breaker_pause=0.01)
    assert await passed([limits], EXACT, 60) == 60
    own_valkey.stop()
    assert await passed([limits], EXACT, 100) == 40
    assert limits.limiter.breaker.is_open
    own_valkey.start()
    async with asyncio.timeout(60):
        while limits.limiter.breaker.is_open:
            await limits.limiter.acquire([charge(limits, EXACT, "ip:203.0.113.9")])
    assert await passed([limits], EXACT, 100) == 40
    await client.aclose()


async def test_the_processes_count_themselves(redis: Any) -> None:
    processes = [limits_on(redis) for _ in range(3)]
    for limits in (*processes, *processes):
        assert limits._census is not None
        await limits._census.count()
    assert [limits.limiter.processes for limits in processes] == [3, 3, 3]
