"""Limits, cache and jobs on a real cluster, and on what a real sentinel watches."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest
from uuid_utils.compat import uuid7

from bedplate.platform.cache.core import Entries, Made
from bedplate.platform.cache.declare import Times
from bedplate.platform.cache.redis_store import RedisCacheStore
from bedplate.platform.cache.store import Slot, State
from bedplate.platform.jobs import RedisCarrier
from bedplate.platform.jobs.carrier import Due
from bedplate.platform.limits import HOUR, Limits, per_user
from bedplate.platform.limits.rule import Charge
from bedplate.platform.redis import connect
from bedplate.settings import Secret, Settings
from bedplate.settings.limits import LimitsSettings
from bedplate.settings.redis import RedisSettings
from fixtures.apps import calling, running
from fixtures.people import sign_up

from .conftest import Watched

TIMES = Times(60.0)


def settings_of(url: str) -> RedisSettings:
    return RedisSettings(url=Secret(url), timeout=10.0, connect_timeout=30.0)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Any]:
    client: Any = connect(settings_of(url))
    yield client
    await client.aclose()


def store_on(client: Any) -> RedisCacheStore:
    return RedisCacheStore(client, "test", patience=10.0, lease=60.0, channel="test:bumped")


async def keep(store: RedisCacheStore, slot: Slot, value: bytes) -> bool:
    found = await store.fetch(slot, "a")
    assert found.state is State.YOURS
    return await store.keep(slot, "a", found.versions, found.now, TIMES, value)


async def test_entries_of_a_cluster_hang_on_tags_of_other_nodes(cluster_url: str) -> None:
    async with connected(cluster_url) as client:
        store = store_on(client)
        for number in range(20):
            slot = Slot(f"entry {number}", (f"one:{number}", f"two:{number}", f"three:{number}"))
            for tag in slot.tags:
                assert await keep(store, slot, b"value")
                assert (await store.fetch(slot, "b")).value == b"value"
                await store.bump([tag], "")
                assert (await store.fetch(slot, "b")).value is None
                await store.release(slot, "b", (await store.fetch(slot, "c")).versions, 0.0)
        nodes = [await client.dbsize(target_nodes=node) for node in client.get_primaries()]
        assert all(nodes), "they all lie on the same node"


async def test_what_was_made_before_a_bump_elsewhere_is_not_kept(cluster_url: str) -> None:
    async with connected(cluster_url) as client:
        store, slot = store_on(client), Slot("late", ("home", "elsewhere"))
        found = await store.fetch(slot, "a")
        await store.bump(["elsewhere"], "")
        await store.keep(slot, "a", found.versions, found.now, TIMES, b"early")
        assert (await store.fetch(slot, "b")).value is None


async def test_many_misses_on_a_cluster_are_one(cluster_url: str) -> None:
    async with connected(cluster_url) as one, connected(cluster_url) as two:
        caches = [Entries(store_on(client), tier_bytes=0, max_wait=60.0) for client in (one, two)]
        made, gate = [], asyncio.Event()

        async def make() -> Made:
            made.append(1)
            await gate.wait()
            return Made(b"value")

        slot = Slot("crowd", ("crowd:one", "crowd:two"))
        asked = [asyncio.create_task(caches[n % 2].get(slot, TIMES, make)) for n in range(100)]
        async with asyncio.timeout(60):
            while not made:
                await asyncio.sleep(0)
        gate.set()
        assert {got.value for got in await asyncio.gather(*asked)} == {b"value"}
        assert len(made) == 1


async def test_limits_of_a_cluster_are_exact(cluster_url: str) -> None:
    async with connected(cluster_url) as client:
        limits = Limits(LimitsSettings(patience=10.0), client, prefix="test")
        rules = [limits.book.rule(per_user(number, HOUR, name=f"of-{number}")) for number in (10, 50)]
        charges = [
            Charge(rule, subject) for rule, subject in zip(rules, ("user:a", "ip:b"), strict=True) if rule
        ]
        taken = [await limits.store.take(charges) for _ in range(30)]
        assert sum(all(each.granted for each in answer) for answer in taken) == 10
        limits.close()


async def carry(settings: RedisSettings) -> list[Any]:
    carrier = RedisCarrier.connect(settings)
    jobs = [Due(id=uuid7(), queue=queue, priority=0, at=float(place)) for place, queue in enumerate("abc")]
    await carrier.push(jobs)
    found = [await carrier.pop(queue, 1, 5.0) for queue in "abc"]
    await carrier.close()
    assert found == [[job.id] for job in jobs]
    return found


async def test_a_cluster_carries_jobs(cluster_url: str) -> None:
    await carry(settings_of(cluster_url))


async def watch_a_write(settings: Settings) -> None:
    """The whole service: a kept answer, and a write that ends it."""
    async with running(settings) as app, calling(app) as client:
        person = await sign_up(client)
        path = await new_plan(client, person.headers)
        await see(client, path, person.headers, "First")
        answer = await client.patch(
            path, json={"title": "Second"}, headers={**person.headers, "If-Match": "*"}
        )
        assert answer.status_code == 200, answer.text
        await see(client, path, person.headers, "Second")
        assert app.state.cache.entries.usable


async def new_plan(client: httpx.AsyncClient, headers: dict[str, str]) -> str:
    answer = await client.post("/v1/plans", json={"key": uuid7().hex, "title": "First"}, headers=headers)
    assert answer.status_code == 201, answer.text
    return f"/v1/plans/{answer.json()['id']}"


async def see(client: httpx.AsyncClient, path: str, headers: dict[str, str], title: str) -> None:
    for _ in range(2):
        answer = await client.get(path, headers=headers)
        assert (answer.status_code, answer.json()["title"]) == (200, title), answer.text


@pytest.mark.nightly
async def test_the_service_runs_on_a_cluster(settings: Settings, cluster_url: str) -> None:
    await watch_a_write(msgspec.structs.replace(settings, redis=settings_of(cluster_url)))


# redis-py drops a lost primary's connections without closing them.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.nightly
async def test_the_service_outlives_a_failover(settings: Settings, watched: Watched) -> None:
    settings = msgspec.structs.replace(settings, redis=settings_of(watched.url))
    await watch_a_write(settings)
    await carry(settings.redis)
    async with running(settings) as app, calling(app) as client:
        person = await sign_up(client)
        path = await new_plan(client, person.headers)
        await see(client, path, person.headers, "First")
        watched.fail_over()
        change = {**person.headers, "If-Match": "*"}
        # No server, no cache: the write stands, and the read tells of it.
        answer = await client.patch(path, json={"title": "Second"}, headers=change)
        assert answer.status_code == 200, answer.text
        await see(client, path, person.headers, "Second")
        async with asyncio.timeout(60):
            while not app.state.cache.entries.usable or not app.state.cache.entries.pushed():
                await see(client, path, person.headers, "Second")
                await asyncio.sleep(0.02)
        await see(client, path, person.headers, "Second")
        answer = await client.patch(path, json={"title": "Third"}, headers=change)
        await see(client, path, person.headers, "Third")
