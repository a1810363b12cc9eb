"""How much is withdrawn at once, and what a decision costs Redis: counted by Redis itself."""

from typing import Any

import pytest

from bedplate.platform.embedded.valkey import Valkey
from bedplate.platform.limits import HOUR, MINUTE, per_user
from bedplate.platform.redis import connect
from bedplate.settings import Secret
from bedplate.settings.redis import RedisSettings

from .conftest import charge, limits_on


async def scripts_run(client: Any) -> int:
    """How often Redis ran a script since it started."""
    stats: dict[str, dict[str, int]] = await client.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("eval", "evalsha"))


@pytest.fixture
async def counted(own_valkey: Valkey) -> Any:
    client: Any = connect(RedisSettings(url=Secret(own_valkey.url), timeout=2.0))
    await client.flushdb()
    yield client
    await client.aclose()


@pytest.mark.parametrize(
    ("lease", "cost", "withdrawn"),
    [(50, 1, 12), (5, 1, 5), (1, 1, 1), (0, 1, 1), (50, 30, 30)],
    ids=[
        "an eighth of what is free",
        "no more than the lease",
        "a lease of one",
        "none",
        "the cost at least",
    ],
)
async def test_a_lease_takes_little_of_what_is_free(
    counted: Any, lease: int, cost: int, withdrawn: int
) -> None:
    limits = limits_on(counted)
    policy = per_user(100, HOUR, name=f"withdrawn-{lease}-{cost}", lease=lease)
    assert (await limits.limiter.acquire([charge(limits, policy, cost=cost)])).allowed
    spent = await limits.store.spent("ip:192.0.2.1")
    # An hour for a hundred: 36 seconds each.
    assert round(spent[policy.name] / 36) == withdrawn


async def test_a_lease_shrinks_with_what_is_left(counted: Any) -> None:
    limits = limits_on(counted)
    policy = per_user(100, HOUR, name="shrinking", lease=50)
    trips: list[int] = []
    for _ in range(100):
        before = await scripts_run(counted)
        assert (await limits.limiter.acquire([charge(limits, policy)])).allowed
        trips.append(await scripts_run(counted) - before)
    # 12, 11, 9, 8, 7, 6, 5, 5, 4, 4, 3, 3, 2, 2, 2, 2 … and the last fifteen one by one.
    assert sum(trips) < 40
    assert not (await limits.limiter.acquire([charge(limits, policy)])).allowed


async def test_a_remembered_refusal_asks_redis_nothing(counted: Any) -> None:
    limits = limits_on(counted, remember=HOUR)
    policy = per_user(1, HOUR, name="once")
    assert (await limits.limiter.acquire([charge(limits, policy)])).allowed
    assert not (await limits.limiter.acquire([charge(limits, policy)])).allowed
    before = await scripts_run(counted)
    for _ in range(1000):
        assert not (await limits.limiter.acquire([charge(limits, policy)])).allowed
    assert await scripts_run(counted) == before


async def test_a_dearer_request_is_refused_for_itself_alone(counted: Any) -> None:
    limits = limits_on(counted, remember=HOUR)
    policy = per_user(10, HOUR, name="dear")
    assert (await limits.limiter.acquire([charge(limits, policy, cost=8)])).allowed
    assert not (await limits.limiter.acquire([charge(limits, policy, cost=3)])).allowed
    # What a request of three may not, one of two may.
    assert (await limits.limiter.acquire([charge(limits, policy, cost=2)])).allowed


async def test_one_call_decides_over_several_policies(counted: Any) -> None:
    limits = limits_on(counted)
    policies = [per_user(10, window, name=f"window-{window:.0f}") for window in (MINUTE, HOUR)]
    await limits.limiter.acquire([charge(limits, per_user(1, HOUR, name="warm"))])
    before = await scripts_run(counted)
    assert (await limits.limiter.acquire([charge(limits, policy) for policy in policies])).allowed
    assert await scripts_run(counted) - before == 1
