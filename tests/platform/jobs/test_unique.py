import asyncio
import datetime as dt

import pytest

from bedplate.platform.db import Database, utcnow
from bedplate.platform.jobs import Empty, JobContext, enqueue, task
from bedplate.settings.jobs import JobsSettings

from .conftest import until, working


@task("test.plain", timeout=10)
async def plain(_ctx: JobContext, _payload: Empty) -> None: ...


@task("test.rare", timeout=10, unique_for=3600)
async def rare(_ctx: JobContext, _payload: Empty) -> None: ...


@task("test.until_begun", timeout=10, unique_while="queued")
async def until_begun(ctx: JobContext, _payload: Empty) -> None:
    await ctx.resource(asyncio.Event).wait()


async def once(database: Database, job, key: str):
    async with database.transaction() as session:
        return await enqueue(session, job, Empty(), unique_key=key)


async def test_a_key_is_taken_while_its_job_is_queued_or_running(database, make_runtime, ended):
    first = await once(database, plain, "a")
    assert await once(database, plain, "a") == first
    assert await once(database, plain, "b") != first
    async with working(make_runtime(plain)):
        await ended(first, "succeeded")
    assert await once(database, plain, "a") != first


async def test_concurrent_enqueuings_write_one_job(database, sql):
    ids = await asyncio.gather(*(once(database, plain, "same") for _ in range(8)))
    assert len(set(ids)) == 1
    assert await sql.fetchval("select count(*) from job") == 1


async def test_a_period_outlasts_the_job(database, make_runtime, sql, ended):
    first = await once(database, rare, "a")
    async with working(make_runtime(rare)):
        await ended(first, "succeeded")
    assert await once(database, rare, "a") == first
    await sql.execute("update job set created_at = $1", utcnow() - dt.timedelta(hours=2))
    assert await once(database, rare, "a") != first


async def test_a_key_may_be_free_once_its_job_begins(database, make_runtime, sql, ended):
    opened = asyncio.Event()
    first = await once(database, until_begun, "a")
    assert await once(database, until_begun, "a") == first
    async with working(make_runtime(until_begun, resources={asyncio.Event: opened})):
        await until(lambda: sql.fetchval("select 1 from job where state = 'running'"))
        second = await once(database, until_begun, "a")
        assert second != first
        opened.set()
        await ended(first, "succeeded")
        await ended(second, "succeeded")


@task("test.rarest", timeout=10, unique_for=3600, keep=60)
async def rarest(_ctx: JobContext, _payload: Empty) -> None: ...


async def test_a_period_that_outlasts_the_ended_jobs_is_refused(make_runtime):
    with pytest.raises(ValueError, match=r"test\.rarest.* 3600 s .* 60 s"):
        make_runtime(rarest)
    with pytest.raises(ValueError, match=r"BEDPLATE_JOBS_KEEP_CANCELLED"):
        make_runtime(rare, settings=JobsSettings(keep_cancelled=600))
