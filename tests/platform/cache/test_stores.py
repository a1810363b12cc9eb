"""What both stores promise, word by word: leases, versions, and what becomes of what came too late."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bedplate.platform.cache.declare import Times
from bedplate.platform.cache.memory_store import MemoryCacheStore
from bedplate.platform.cache.redis_store import RedisCacheStore
from bedplate.platform.cache.store import CacheStore, Found, Slot, State
from bedplate.platform.redis import connect
from bedplate.settings.redis import RedisSettings

SLOT = Slot("entry", ("one", "two"))
LONG = Times(60.0)
STALE_AT_ONCE = Times(0.0, swr=60.0)
LEASE = 60.0

type Store = RedisCacheStore | MemoryCacheStore


@pytest.fixture
async def redis(redis_settings: RedisSettings) -> AsyncIterator[Any]:
    client: Any = connect(redis_settings)
    await client.flushdb()
    yield client
    await client.aclose()


@pytest.fixture(params=["redis", "memory"])
async def store(request: pytest.FixtureRequest, redis: Any) -> AsyncIterator[Store]:
    store = store_of(request.param, redis, LEASE)
    yield store
    store.close()


def store_of(kind: str, redis: Any, lease: float) -> Store:
    if kind == "memory":
        return MemoryCacheStore(lease=lease)
    return RedisCacheStore(redis, "test", patience=10.0, lease=lease, channel="test:bumped")


async def kept(
    store: CacheStore, token: str, found: Found, value: bytes = b"value", times: Times = LONG
) -> bool:
    return await store.keep(SLOT, token, found.versions, found.now, times, value)


async def test_one_of_two_makes_an_entry_and_the_next_one_finds_it(store: Store) -> None:
    first, second = await store.fetch(SLOT, "a"), await store.fetch(SLOT, "b")
    assert (first.state, second.state) == (State.YOURS, State.HELD)
    assert await kept(store, "a", first)
    found = await store.fetch(SLOT, "b")
    assert (found.state, found.value, found.made) == (
        State.FRESH,
        b"value",
        pytest.approx(first.now, abs=0.002),
    )


@pytest.mark.parametrize("tag", SLOT.tags)
async def test_what_was_made_under_former_versions_is_not_kept(store: Store, tag: str) -> None:
    early = await store.fetch(SLOT, "a")
    await store.bump([tag], "")
    late = await store.fetch(SLOT, "b")
    # He who makes it under former versions holds up nobody, and ends nobody's lease when he comes.
    assert late.state is State.YOURS
    assert not await kept(store, "a", early, b"early")
    assert (await store.fetch(SLOT, "c")).state is State.HELD
    assert await kept(store, "b", late, b"late")
    assert not await kept(store, "a", early, b"early")
    assert (await store.fetch(SLOT, "c")).value == b"late"


@pytest.mark.parametrize("tag", SLOT.tags)
async def test_an_invalidated_entry_is_not_found(store: Store, tag: str) -> None:
    assert await kept(store, "a", await store.fetch(SLOT, "a"))
    await store.bump([tag], "")
    found = await store.fetch(SLOT, "b")
    assert (found.state, found.value) == (State.YOURS, None)


async def test_keeping_ends_the_lease(store: Store) -> None:
    assert await kept(store, "a", await store.fetch(SLOT, "a"), times=STALE_AT_ONCE)
    found = await store.fetch(SLOT, "b")
    assert (found.state, found.value) == (State.STALE_YOURS, b"value")
    assert (await store.fetch(SLOT, "c")).state is State.STALE


async def test_a_failure_may_be_covered_by_what_is_out_of_date(store: Store) -> None:
    times = Times(0.0, stale_if_error=60.0)
    assert await kept(store, "a", await store.fetch(SLOT, "a"), times=times)
    found = await store.fetch(SLOT, "b")
    assert (found.state, found.value) == (State.YOURS, b"value")
    assert (await store.fetch(SLOT, "c")).state is State.HELD


async def test_a_lease_is_given_back_by_its_holder_alone(store: Store) -> None:
    found = await store.fetch(SLOT, "a")
    await store.release(SLOT, "b", found.versions, 60.0)
    assert (await store.fetch(SLOT, "c")).state is State.HELD
    await store.release(SLOT, "a", found.versions, 0.0)
    assert (await store.fetch(SLOT, "c")).state is State.YOURS


async def test_nobody_waits_for_what_was_not_worth_keeping(store: Store) -> None:
    found = await store.fetch(SLOT, "a")
    await store.release(SLOT, "a", found.versions, 60.0)
    assert (await store.fetch(SLOT, "b")).state is State.BYPASS


async def test_an_entry_is_kept_though_its_renewal_was_not_worth_it(store: Store) -> None:
    assert await kept(store, "a", await store.fetch(SLOT, "a"), times=STALE_AT_ONCE)
    found = await store.fetch(SLOT, "b")
    await store.release(SLOT, "b", found.versions, 60.0)
    assert (await store.fetch(SLOT, "c")).state is State.STALE_YOURS


@pytest.mark.parametrize("kind", ["redis", "memory"])
async def test_a_lease_ends_by_itself(redis: Any, kind: str) -> None:
    store = store_of(kind, redis, 0.02)
    assert (await store.fetch(SLOT, "a")).state is State.YOURS
    async with asyncio.timeout(30):
        while (await store.fetch(SLOT, "b")).state is not State.YOURS:
            await asyncio.sleep(0.005)
    store.close()


@pytest.mark.parametrize("kind", ["redis", "memory"])
async def test_an_entry_ends_by_itself(redis: Any, kind: str) -> None:
    store = store_of(kind, redis, LEASE)
    assert await kept(store, "a", await store.fetch(SLOT, "a"), times=Times(0.05))
    async with asyncio.timeout(30):
        while (await store.fetch(SLOT, "b")).state is State.FRESH:
            await asyncio.sleep(0.005)
    store.close()


async def test_redis_forgets_what_nobody_asks_for(redis: Any) -> None:
    store = store_of("redis", redis, LEASE)
    found = await store.fetch(SLOT, "a")
    await kept(store, "a", found, times=Times(1.0, swr=2.0, stale_if_error=3.0))
    await store.fetch(Slot("other", ("one",)), "a")
    await store.release(
        Slot("other", ("one",)), "a", (await store.fetch(Slot("other", ("one",)), "b")).versions, 9.0
    )
    lives = {key: await redis.pttl(key) async for key in redis.scan_iter("test:cache:*")}
    assert all(life > 0 for life in lives.values()), lives
    entry = next(life for key, life in lives.items() if key.endswith(b"e:entry"))
    assert entry <= 4000
    store.close()


async def test_an_entry_is_not_revived_by_the_loss_of_its_versions(redis: Any) -> None:
    store = store_of("redis", redis, LEASE)
    await kept(store, "a", await store.fetch(SLOT, "a"))
    for key in [key async for key in redis.scan_iter("test:cache:*:v")]:
        await redis.delete(key)
    assert (await store.fetch(SLOT, "b")).value is None
    store.close()


async def test_versions_rise_though_the_clock_falls_back(redis: Any) -> None:
    store = store_of("redis", redis, LEASE)
    keys = [key async for key in redis.scan_iter("test:cache:*:v")] or [b"test:cache:{one}:v"]
    ahead = 4_000_000_000_000_000  # µs: the year 2096
    await redis.set(keys[0], ahead)
    await kept(store, "a", await store.fetch(SLOT, "a"))
    await store.bump(["one"], "")
    assert int(await redis.get(keys[0])) == ahead + 1
    assert (await store.fetch(SLOT, "b")).value is None
    store.close()


async def test_a_bump_of_nothing_asks_a_cluster_whether_it_answers(redis: Any) -> None:
    # By it a process learns that the store is back; unasked, it would go on with one that is away.
    store = RedisCacheStore(redis, "test", patience=1.0, lease=1.0, channel="test")

    class Away:
        clustered = True

        async def run(self, *_: object) -> None:
            raise ConnectionError

    store._runner = Away()  # type: ignore[assignment]
    with pytest.raises(ConnectionError):
        await store.bump([], "")
