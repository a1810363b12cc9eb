import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import asyncpg
import pytest
from redis.asyncio import Redis

from bedplate.platform.db import Database
from bedplate.platform.jobs import JobsRuntime, RedisCarrier, Schedule, Task
from bedplate.platform.jobs.worker import JobsWorker
from bedplate.settings.database import DatabaseSettings
from bedplate.settings.jobs import JobsSettings
from fixtures.servers import TestServers, clone_database

type Working = Callable[..., AbstractAsyncContextManager[JobsWorker]]
type MakeRuntime = Callable[..., JobsRuntime]

# The lease is so long that a busy machine loses none; where one must end, the test ends it.
FAST = JobsSettings(poll_interval=0.2, lease=10.0, grace=2.0)


@pytest.fixture(scope="session")
def jobs_database_settings(worker_id: str) -> DatabaseSettings:
    return clone_database(TestServers.from_environment(), f"{worker_id}_jobs")


@pytest.fixture
async def database(jobs_database_settings: DatabaseSettings) -> AsyncIterator[Database]:
    database = Database(jobs_database_settings)
    yield database
    await database.reads.fetch("delete from job")
    await database.reads.fetch("delete from job_pause")
    await database.reads.fetch("delete from job_schedule")
    await database.close()


@pytest.fixture
async def sql(jobs_database_settings: DatabaseSettings) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(jobs_database_settings.direct_url.reveal())
    yield connection
    await connection.close()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.flushdb()
    await client.aclose()


@pytest.fixture
def make_runtime(database: Database, redis: Redis, redis_url: str) -> MakeRuntime:
    """A runtime on the run's Redis: `make_runtime(task, …)`; more in one test are more processes."""

    def make(
        *tasks: Task[Any],
        schedules: tuple[Schedule, ...] = (),
        settings: JobsSettings = FAST,
        resources: dict[type, object] | None = None,
    ) -> JobsRuntime:
        client = Redis.from_url(redis_url, socket_timeout=None, protocol=3)
        carrier = RedisCarrier(client, "test")
        return JobsRuntime(database, settings, carrier, tasks=tasks, schedules=schedules, resources=resources)

    return make


@asynccontextmanager
async def working(runtime: JobsRuntime) -> AsyncIterator[JobsWorker]:
    """Run a worker of the runtime meanwhile."""
    async with runtime.lifespan():
        worker = runtime.worker()
        task = asyncio.create_task(worker.run())
        try:
            yield worker
        finally:
            worker.stopping.set()
            await task


async def until[T](look: Callable[[], Awaitable[T]], seconds: float = 60) -> T:
    """Wait for a condition and return what it gave."""
    async with asyncio.timeout(seconds):
        while not (found := await look()):
            await asyncio.sleep(0.01)
    return found


@pytest.fixture
def ended(sql: asyncpg.Connection) -> Callable[..., Awaitable[asyncpg.Record]]:
    """Wait for a job's end: `await ended(job_id)` gives its row."""

    async def wait(job_id: object, state: str | None = None) -> asyncpg.Record:
        query = "select *, result::text from job where id = $1 and ended_at is not null"
        row = await until(lambda: sql.fetchrow(query, job_id))
        assert state is None or row["state"] == state, (row["state"], row["error"])
        return row

    return wait
