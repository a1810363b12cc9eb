"""Load shedding: when it sets in, what it spares, and that it ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from litestar import Litestar

from bedplate.platform.http.overload import LATE_BEATS, SHED, Overload, Pool
from bedplate.settings import Settings
from bedplate.settings.http import HttpSettings
from fixtures.apps import calling, running

SETTINGS = HttpSettings(shed_lag=0.5, shed_after=1.0, shed_wait=2.0)


def watching(*pools: Pool, **settings: float) -> Overload:
    return Overload(msgspec.structs.replace(SETTINGS, **settings), pools)


def reasons(overload: Overload, lags: list[float]) -> list[str]:
    """What stands after each beat, beats and lags taking their time."""
    now, found = 100.0, list[str]()
    for lag in lags:
        now += 0.25 + lag
        overload.look(now, lag=lag)
        found.append(overload.reason)
    return found


def test_a_loop_that_stays_late_is_overloaded_until_it_is_not() -> None:
    late = [0.6] * (LATE_BEATS + 1)
    assert reasons(watching(), [*late, 0.01]) == ["", "", "event_loop", "event_loop", ""]


def test_one_pause_is_no_overload() -> None:
    assert set(reasons(watching(), [30.0, 0.0, 30.0, 0.0, 0.4, 0.4, 0.4, 0.4])) == {""}


def test_a_loop_that_is_just_late_enough_needs_its_time() -> None:
    assert set(reasons(watching(shed_after=60.0), [0.6] * 20)) == {""}


def test_shedding_can_be_switched_off() -> None:
    assert set(reasons(watching(shed_lag=0), [30.0] * 9)) == {""}


class Lender:
    """A pool of one connection, lent by hand."""

    def __init__(self) -> None:
        self.free = asyncio.Semaphore(1)
        self.pool = Pool(self.free.locked, self.lend)

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[None]:
        async with self.free:
            yield


async def test_a_pool_that_nobody_gets_from_is_exhausted_until_somebody_does() -> None:
    lender = Lender()
    overload = watching(lender.pool)
    await lender.free.acquire()
    overload.look(1.0, lag=0)
    await asyncio.sleep(0)  # the probe stands in the queue
    overload.look(2.9, lag=0)
    assert overload.reason == ""
    overload.look(3.0, lag=0)
    assert overload.reason == "database_pool"
    lender.free.release()
    for _ in range(3):
        await asyncio.sleep(0)
    overload.look(3.1, lag=0)
    assert overload.reason == ""


async def test_a_busy_pool_is_not_an_exhausted_one() -> None:
    lender = Lender()
    overload = watching(lender.pool)
    for second in range(1, 20):
        await lender.free.acquire()
        overload.look(float(second), lag=0)
        await asyncio.sleep(0)
        lender.free.release()
        for _ in range(3):
            await asyncio.sleep(0)
        overload.look(second + 0.5, lag=0)
        assert overload.reason == ""


@pytest.fixture
async def shedding(settings: Settings) -> AsyncIterator[Litestar]:
    http = msgspec.structs.replace(settings.http, shed_wait=0.001)
    pools = msgspec.structs.replace(settings.database, pool_size=1, read_pool_size=1)
    async with running(msgspec.structs.replace(settings, http=http, database=pools)) as app:
        yield app


async def test_everything_but_health_and_metrics_is_shed(shedding: Litestar) -> None:
    before = SHED("database_pool")._value.get()
    async with calling(shedding) as client, shedding.state.database.engine.connect():
        # The only connection is lent: whoever wants one waits, until requests are turned away instead.
        async with asyncio.timeout(60):
            while (refused := await client.get("/v1/auth/providers")).status_code != 503:
                await asyncio.sleep(0.01)
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["detail"] == "The service is overloaded"
        assert 1 <= int(refused.headers["retry-after"]) <= 4
        assert (await client.get("/nowhere")).status_code == 503
        # Busy is not broken: taken out of service, it would leave its load to the next.
        async with shedding.state.database.reads.connection():
            ready = (await client.get("/health/ready")).json()
        for path in ("/health/live", "/health/ready", "/metrics"):
            assert (await client.get(path)).status_code == 200
        assert SHED("database_pool")._value.get() >= before + 2
        assert ready["status"] == "degraded"
        assert ready["dependencies"] == {
            "database": {"state": "ok"},
            "redis": {"state": "ok"},
            "capacity": {"state": "failed", "reason": "Overloaded"},
        }
    async with calling(shedding) as client, asyncio.timeout(60):
        while (await client.get("/v1/auth/providers")).status_code == 503:
            await asyncio.sleep(0.01)
