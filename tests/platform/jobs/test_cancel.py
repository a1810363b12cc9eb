import asyncio
import datetime as dt
import uuid

import pytest

from bedplate.platform.db import Database, utcnow
from bedplate.platform.jobs import Empty, JobContext, enqueue, task
from bedplate.platform.jobs.control import (
    Which,
    cancel_job,
    dismiss_jobs,
    pause,
    resume,
    retry_job,
    retry_jobs,
)
from bedplate.platform.jobs.errors import JobEnded, JobKeyTaken, JobNotEnded, JobNotFound

from .conftest import until, working

HOUR = dt.timedelta(hours=1)
ENDED = "update job set state = $2, error = $3, ended_at = now() where id = $1"


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


@task("test.late-parent", timeout=60)
async def late_parent(ctx: JobContext, _payload: Empty) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        async with ctx.database.transaction() as session:
            await enqueue(session, endless, Empty(), parent_id=ctx.job_id)


@task("test.fails-when-told", timeout=60, max_attempts=1)
async def fails_when_told(ctx: JobContext, _payload: Empty) -> None:
    await ctx.resource(asyncio.Event).wait()
    raise ValueError


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
        await ended(job_id, "cancelled")
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


async def test_a_child_of_a_parent_that_was_cancelled_already_ends_with_it(
    database, make_runtime, sql, ended
):
    async with working(make_runtime(late_parent, endless)):
        async with database.transaction() as session:
            job_id = await enqueue(session, late_parent, Empty())
        await until(lambda: sql.fetchval("select 1 from job where id = $1 and state = 'running'", job_id))
        async with database.transaction() as session:
            await cancel_job(session, job_id, keep=3600)
        await ended(job_id, "cancelled")
        child = await until(lambda: sql.fetchval("select id from job where parent_id = $1", job_id))
        await ended(child, "cancelled")


async def test_what_fails_after_it_was_cancelled_is_cancelled(database, make_runtime, sql, ended):
    told = asyncio.Event()
    async with working(make_runtime(fails_when_told, resources={asyncio.Event: told})):
        async with database.transaction() as session:
            job_id = await enqueue(session, fails_when_told, Empty())
        await until(lambda: sql.fetchval("select 1 from job where id = $1 and state = 'running'", job_id))
        # As committed while the body fails: its worker has not heard yet.
        await sql.execute("update job set cancel_requested_at = now() where id = $1", job_id)
        told.set()
        row = await ended(job_id, "cancelled")
    assert "ValueError" in row["error"]


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


@pytest.mark.parametrize("state", ["failed", "succeeded", "cancelled"])
async def test_ended_and_unknown_jobs_refuse(state, database, sql):
    job_id = await put(database, dies)
    await sql.execute(ENDED, job_id, state, None)
    with pytest.raises(JobEnded):
        await cancel(database, job_id)
    assert await sql.fetchval("select state from job where id = $1", job_id) == state
    with pytest.raises(JobNotFound):
        await cancel(database, uuid.uuid4())


async def test_a_dead_letter_is_dismissed_once_and_never_runs_again(database, make_runtime, sql, ended):
    async with working(make_runtime(dies)):
        job_id = await put(database, dies)
        died = await ended(job_id, "dead")
        await cancel(database, job_id)
        row = await ended(job_id, "cancelled")
        assert (row["error"], row["attempt"], row["ended_at"]) == (died["error"], 1, died["ended_at"])
        assert row["expires_at"] < died["expires_at"]
        with pytest.raises(JobEnded):
            await cancel(database, job_id)
        with pytest.raises(JobEnded):
            async with database.transaction() as session:
                await retry_job(session, job_id, attempts=1)


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
            assert await retry_jobs(session, Which(task="test.none"), attempts=1) == 0
            assert await retry_jobs(session, Which(state="dead", task="test.dies"), attempts=1) == 2


@pytest.mark.parametrize(
    ("which", "count"),
    [
        (Which(), 3),
        (Which(state="failed"), 1),
        (Which(queue="default"), 3),
        (Which(queue="other"), 0),
        (Which(tag="nightly"), 1),
        (Which(error="too large"), 2),
        (Which(since=utcnow() + HOUR), 0),
        (Which(until=utcnow() + HOUR), 3),
    ],
    # Not by their fields: each process of a run has a time of its own.
    ids=("all", "state", "queue", "other queue", "tag", "error", "since", "until"),
)
async def test_dead_letters_are_replayed_by_filter(which, count, database, sql):
    await three(database, sql)
    async with database.transaction() as session:
        assert await retry_jobs(session, which, attempts=1) == count


@pytest.mark.parametrize(
    ("which", "count"),
    [
        (Which(), 2),
        (Which(state="failed"), 0),
        (Which(queue="other"), 0),
        (Which(tag="nightly"), 1),
        (Which(error="too large"), 1),
        (Which(since=utcnow() + HOUR), 0),
    ],
    ids=("all", "failed", "other queue", "tag", "error", "since"),
)
async def test_dead_letters_are_dismissed_by_filter(which, count, database, sql):
    await three(database, sql)
    queued = await put(database, dies)
    async with database.transaction() as session:
        assert await dismiss_jobs(session, which, keep=60) == count
    states = await sql.fetch("select state, count(*) from job group by 1")
    assert dict(states) == {
        state: number
        for state, number in (("queued", 1), ("failed", 1), ("dead", 2 - count), ("cancelled", count))
        if number
    }
    assert await sql.fetchval("select state from job where id = $1", queued) == "queued"


async def three(database, sql) -> None:
    """Two dead letters and a failed job."""
    for tags, state, error in (
        ((), "dead", "too large: 1"),
        (("nightly",), "dead", "gone"),
        ((), "failed", "too large: 2"),
    ):
        job_id = await put(database, dies, tags=tags)
        await sql.execute(ENDED, job_id, state, error)


async def test_a_replay_never_doubles_a_unique_key(database, sql):
    for _ in range(2):
        newest = await put(database, dies, unique_key="a")
        await sql.execute(ENDED, newest, "dead", "gone")
    async with database.transaction() as session:
        assert await retry_jobs(session, Which(), attempts=1) == 1
    older = await sql.fetchval("select id from job where state = 'dead'")
    assert older != newest
    with pytest.raises(JobKeyTaken):
        async with database.transaction() as session:
            await retry_job(session, older, attempts=1)


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


@pytest.mark.parametrize("state", ["cancelled", "succeeded"])
async def test_what_lives_on_under_a_cancelled_job_is_found(state, database, make_runtime, sql, ended):
    root = await put(database, dies, delay=3600)
    child = await put(database, dies, delay=3600, parent_id=root)
    # As by a worker that died before it looked what its job had left.
    await sql.execute(
        "update job set state = $2, cancel_requested_at = now(), ended_at = now() where id = $1", root, state
    )
    async with working(make_runtime(dies)):
        await ended(child, "cancelled")


async def test_what_lives_under_a_job_that_ended_by_itself_lives_on(database, make_runtime, sql):
    root = await put(database, dies, delay=3600)
    child = await put(database, dies, delay=3600, parent_id=root)
    await sql.execute(ENDED, root, "dead", "gone")
    async with working(make_runtime(dies)) as worker:
        await worker.relay.tick()
        await worker.relay.tick()
    assert await sql.fetchval("select state from job where id = $1", child) == "queued"


async def test_what_was_cancelled_with_its_tree_is_not_replayed(database, sql):
    root = await put(database, dies, delay=3600)
    child = await put(database, dies, delay=3600, parent_id=root)
    await sql.execute(ENDED, child, "dead", "gone")
    await cancel(database, root)
    with pytest.raises(JobEnded, match="above"):
        async with database.transaction() as session:
            await retry_job(session, child, attempts=1)


@task("test.patient", timeout=10, retry_delay=10, retry_max=100_000)
async def patient(_ctx: JobContext, _payload: Empty) -> None:
    raise ValueError


async def test_after_a_replay_the_delays_begin_anew(database, make_runtime, sql):
    job_id = await put(database, patient)
    await sql.execute(ENDED.replace("set", "set attempt = 12, max_attempts = 12,"), job_id, "dead", "gone")
    async with database.transaction() as session:
        await retry_job(session, job_id, attempts=patient.max_attempts)
    delay = """
    select extract(epoch from available_at - a.ended_at)::float8 from job join job_attempt a on a.job_id = job.id
    """
    async with working(make_runtime(patient)):
        found = await until(lambda: sql.fetchval(delay))
    assert 5 <= found <= 10
