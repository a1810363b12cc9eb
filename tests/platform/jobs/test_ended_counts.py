"""`jobs_ended_total` says what the ledger says, whoever ended the job."""

import asyncio
import contextlib

from bedplate.platform.jobs import Empty, JobContext, Step, chain, enqueue, metrics, task
from bedplate.platform.jobs.control import cancel_job
from bedplate.platform.jobs.recorder import REFUSED

from .conftest import until, working


@task("test.fails-late", timeout=60, max_attempts=1)
async def fails_late(ctx: JobContext, _payload: Empty) -> None:
    await ctx.resource(asyncio.Event).wait()
    raise ValueError


@task("test.idle", timeout=60)
async def idle(_ctx: JobContext, _payload: Empty) -> None:
    await asyncio.Event().wait()


@task("test.leaves-a-child", timeout=60)
async def leaves_a_child(ctx: JobContext, _payload: Empty) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        async with ctx.database.transaction() as session:
            await enqueue(session, idle, Empty(), parent_id=ctx.job_id)


@task("test.unkept", timeout=60)
async def unkept(_ctx: JobContext, _payload: Empty) -> str:
    return "\x00"


def counted(name: str, state: str) -> float:
    return metrics.ENDED(name, state)._value.get()


async def test_what_dies_after_its_cancellation_is_counted_as_cancelled(database, make_runtime, sql, ended):
    told, dead, cancelled = (
        asyncio.Event(),
        counted("test.fails-late", "dead"),
        counted("test.fails-late", "cancelled"),
    )
    async with working(make_runtime(fails_late, resources={asyncio.Event: told})):
        async with database.transaction() as session:
            job_id = await enqueue(session, fails_late, Empty())
        await until(lambda: sql.fetchval("select 1 from job where state = 'running'"))
        await sql.execute("update job set cancel_requested_at = now()")
        told.set()
        await ended(job_id, "cancelled")
    assert counted("test.fails-late", "cancelled") == cancelled + 1
    assert counted("test.fails-late", "dead") == dead


async def test_what_cannot_be_kept_is_counted_as_failed(database, make_runtime, ended):
    failed = counted("test.unkept", "failed")
    attempts = metrics.ATTEMPTS("test.unkept", "permanent")._value
    before = attempts.get()
    async with working(make_runtime(unkept)):
        async with database.transaction() as session:
            job_id = await enqueue(session, unkept, Empty())
        row = await ended(job_id, "failed")
    assert row["error"] == REFUSED
    assert (counted("test.unkept", "failed"), attempts.get()) == (failed + 1, before + 1)


async def test_what_is_cancelled_before_it_began_is_counted_once_it_is_committed(database):
    before = counted("test.idle", "cancelled")
    async with database.transaction() as session:
        root = await enqueue(session, idle, Empty())
        await enqueue(session, idle, Empty(), parent_id=root)
    with contextlib.suppress(LookupError):
        async with database.transaction() as session:
            await cancel_job(session, root, keep=60)
            raise LookupError
    assert counted("test.idle", "cancelled") == before
    async with database.transaction() as session:
        await cancel_job(session, root, keep=60)
    assert counted("test.idle", "cancelled") == before + 2


async def test_what_is_cancelled_below_and_behind_is_counted(database, make_runtime, sql, ended):
    idles, late = counted("test.idle", "cancelled"), counted("test.fails-late", "cancelled")
    told = asyncio.Event()
    told.set()
    async with working(make_runtime(leaves_a_child, fails_late, idle, resources={asyncio.Event: told})):
        async with database.transaction() as session:
            parent = await enqueue(session, leaves_a_child, Empty())
            _, *behind = await chain(session, [Step(fails_late, Empty())] * 3)
        for job_id in behind:
            await ended(job_id, "cancelled")
        await until(lambda: sql.fetchval("select 1 from job where id = $1 and state = 'running'", parent))
        async with database.transaction() as session:
            await cancel_job(session, parent, keep=60)
        child = await until(lambda: sql.fetchval("select id from job where parent_id = $1", parent))
        await ended(child, "cancelled")
    assert counted("test.fails-late", "cancelled") == late + 2
    assert counted("test.idle", "cancelled") == idles + 1
