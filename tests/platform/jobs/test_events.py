import asyncio

from bedplate.platform.jobs import Empty, JobContext, enqueue, task
from bedplate.platform.jobs.events import Watch, follow
from bedplate.platform.jobs.views import ProgressEvent

from .conftest import working

STEPS = 30


@task("test.steps", timeout=30)
async def steps(ctx: JobContext, _payload: Empty) -> None:
    for step in range(1, STEPS + 1):
        await ctx.progress(step, f"step {step}")
        await asyncio.sleep(0.02)


async def read(database, watch, job_id, after, most=None):
    """What a client sees until it is cut after `most` steps of progress."""
    seen = []
    async for event in follow(database.reads, watch, job_id, after):
        if event is not None:
            seen.append(event.seq if isinstance(event, ProgressEvent) else event)
        if most is not None and len([one for one in seen if isinstance(one, int)]) >= most:
            break
    return seen


async def test_a_stream_that_is_cut_resumes_without_gap_or_repetition(database, make_runtime, ended):
    watch = Watch(database.reads)
    async with working(make_runtime(steps)):
        async with database.transaction() as session:
            job_id = await enqueue(session, steps, Empty())
        seen: list[int] = []
        while len(seen) < STEPS:
            part = await read(database, watch, job_id, seen[-1] if seen else 0, most=7)
            seen += [one for one in part if isinstance(one, int)]
        await ended(job_id, "succeeded")
    assert seen == list(range(1, STEPS + 1))


async def test_many_clients_see_the_same(database, make_runtime):
    watch = Watch(database.reads)
    async with working(make_runtime(steps)):
        async with database.transaction() as session:
            job_id = await enqueue(session, steps, Empty())
        all_seen = await asyncio.gather(*(read(database, watch, job_id, 0) for _ in range(5)))
    for seen in all_seen:
        assert [one for one in seen if isinstance(one, int)] == list(range(1, STEPS + 1))
        assert seen[-1] == "succeeded"
        assert seen.count("succeeded") == 1


async def test_an_ended_job_replays_and_closes(database, make_runtime, ended):
    watch = Watch(database.reads)
    async with working(make_runtime(steps)):
        async with database.transaction() as session:
            job_id = await enqueue(session, steps, Empty())
        await ended(job_id, "succeeded")
    assert await read(database, watch, job_id, 0) == [*range(1, STEPS + 1), "succeeded"]
    assert await read(database, watch, job_id, STEPS) == ["succeeded"]


async def test_the_stream_of_a_deleted_job_ends(database, sql):
    watch = Watch(database.reads)
    async with database.transaction() as session:
        job_id = await enqueue(session, steps, Empty())
    stream = follow(database.reads, watch, job_id, 0)
    assert await anext(stream) == "queued"
    await sql.execute("delete from job")
    async with asyncio.timeout(60):
        assert [event async for event in stream if event is not None] == []
