import asyncio
import uuid

import pytest

from bedplate.platform.db import Database
from bedplate.platform.jobs import Empty, JobContext, enqueue, task
from bedplate.platform.jobs.control import cancel_job, pause, resume, retry_job, retry_jobs
from bedplate.platform.jobs.errors import JobEnded, JobNotEnded, JobNotFound

from .conftest import until, working


@task("test.endless", timeout=60, max_attempts=3)
async def endless(_ctx: JobContext, _payload: Empty) -> None:
    await asyncio.Event().wait()


@task("test.stubborn", timeout=60)
async def stubborn(ctx: JobContext, _payload: Empty) -> str:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        assert ctx.cancelled
        raise ValueError from None
    return "never"


@task("test.parent", timeout=60)
async def parent(ctx: JobContext, _payload: Empty) -> None:
    async with ctx.database.transaction() as session:
        await enqueue(session, endless, Empty(), parent_id=ctx.job_id)
    await asyncio.Event().wait()


@task("test.dies", timeout=60, max_attempts=1)
async def dies(_ctx: JobContext, _payload: Empty) -> None:
    raise ValueError


async def put(database: Database, job, **options):
    async with database.transaction() as session:
        return await enqueue(session, job, Empty(), **options)


async def cancel(database: Database, job_id) -> None:
    async with database.transaction() as session:
        await cancel_job(session, job_id, keep=60)


async def running(sql, job_id):
    await until(lambda: sql.fetchval("select 1 from job where id = $1 and state = 'running'", job_id))


@pytest.mark.parametrize("job", [endless, stubborn], ids=["plain", "raising"])
async def test_a_running_job_is_told_to_stop(job, database, make_runtime, sql, ended):
    async with working(make_runtime(job)):
        job_id = await put(database, job)
        await running(sql, job_id)
        await cancel(database, job_id)
        row = await ended(job_id, "cancelled")
    assert (row["ended_at"] - row["cancel_requested_at"]).total_seconds() < 1
    assert await sql.fetchval("select outcome from job_attempt where job_id = $1", job_id) == "cancelled"


async def test_a_queued_job_ends_at_once_and_never_runs(database, make_runtime, sql, ended):
    job_id = await put(database, dies)
    await cancel(database, job_id)
    await ended(job_id, "cancelled")
    async with working(make_runtime(dies)):
        other = await put(database, dies)
        await ended(other, "dead")
    assert await sql.fetchval("select attempt from job where id = $1", job_id) == 0


async def test_cancelling_reaches_the_tree(database, make_runtime, sql, ended):
    async with working(make_runtime(parent, endless)):
        root = await put(database, parent)
        child = await until(lambda: sql.fetchval("select id from job where parent_id = $1", root))
        await cancel(database, root)
        await ended(root, "cancelled")
        await ended(child, "cancelled")


async def test_a_cancelled_job_of_a_lost_worker_does_not_run_again(database, make_runtime, sql, ended):
    async with working(make_runtime(endless)) as worker:
        job_id = await put(database, endless)
        await running(sql, job_id)
        await sql.execute(
            "update job set worker = 'gone', cancel_requested_at = now(), lease_until = now() where id = $1",
            job_id,
        )
        worker.relay.wake()
        row = await ended(job_id, "cancelled")
    assert row["attempt"] == 1


async def test_ended_and_unknown_jobs_refuse(database, make_runtime, ended):
    async with working(make_runtime(dies)):
        job_id = await put(database, dies)
        await ended(job_id, "dead")
    with pytest.raises(JobEnded):
        await cancel(database, job_id)
    with pytest.raises(JobNotFound):
        await cancel(database, uuid.uuid4())


async def test_a_dead_letter_is_replayed(database, make_runtime, sql, ended):
    async with working(make_runtime(dies)):
        job_id = await put(database, dies)
        await ended(job_id, "dead")
        async with database.transaction() as session:
            await retry_job(session, job_id, attempts=1)
        await until(lambda: sql.fetchval("select 1 from job where state = 'dead' and attempt = 2"))
        assert await sql.fetchval("select count(*) from job_attempt where job_id = $1", job_id) == 2
        other = await put(database, dies)
        await ended(other, "dead")
        async with database.transaction() as session:
            assert await retry_jobs(session, attempts=1, state="dead", task="test.none") == 0
            assert await retry_jobs(session, attempts=1, state="dead", task="test.dies") == 2


async def test_a_queued_job_cannot_be_replayed(database):
    job_id = await put(database, dies)
    with pytest.raises(JobNotEnded):
        async with database.transaction() as session:
            await retry_job(session, job_id, attempts=1)


@pytest.mark.parametrize(("kind", "name"), [("queue", "default"), ("task", "test.dies")])
async def test_a_pause_holds_jobs_back(kind, name, database, make_runtime, sql, ended):
    async with database.transaction() as session:
        await pause(session, kind, name)
    async with working(make_runtime(dies)) as worker:
        job_id = await put(database, dies)
        await worker.relay.tick()
        await worker.relay.tick()
        assert await sql.fetchval("select state from job where id = $1", job_id) == "queued"
        async with database.transaction() as session:
            await resume(session, kind, name)
        await ended(job_id, "dead")
