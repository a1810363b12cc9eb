import asyncio
import datetime as dt
from contextlib import AsyncExitStack

from bedplate.platform.db import Database, utcnow
from bedplate.platform.jobs import Empty, JobContext, Rate, enqueue, enqueue_many, metrics, relay, task
from bedplate.platform.jobs.handover import register_handover
from bedplate.platform.jobs.health import WorkerHealth
from bedplate.platform.jobs.ledger.outcomes import Outcome, record
from bedplate.platform.jobs.worker import JobsWorker
from bedplate.settings.jobs import JobsSettings

from .conftest import until, working


@task("test.quick", timeout=10)
async def quick(_ctx: JobContext, _payload: Empty) -> None: ...


@task("test.slow-by-intent", timeout=10, rate=Rate(1, 3600))
async def slow_by_intent(_ctx: JobContext, _payload: Empty) -> None: ...


@task("test.gate", timeout=60)
async def gate(ctx: JobContext, _payload: Empty) -> int:
    await ctx.resource(asyncio.Event).wait()
    return ctx.attempt


async def put(database: Database, job, **options):
    async with database.transaction() as session:
        return await enqueue(session, job, Empty(), **options)


async def running(sql, job_id):
    await until(lambda: sql.fetchval("select 1 from job where id = $1 and state = 'running'", job_id))


async def test_a_wiped_redis_loses_nothing(database, make_runtime, redis, ended):
    runtime = make_runtime(quick)
    async with runtime.lifespan():
        job_id = await put(database, quick)
        await until(redis.dbsize)
    await redis.flushdb()
    async with working(make_runtime(quick)):
        await ended(job_id, "succeeded")


async def test_a_job_that_nobody_announced_is_found(database, make_runtime, ended):
    register_handover(database, None)
    job_id = await put(database, quick)
    async with working(make_runtime(quick)):
        await ended(job_id, "succeeded")


async def test_without_a_handover_the_relay_is_woken(database, make_runtime, ended):
    other = Database(database.settings)
    async with working(make_runtime(quick, settings=JobsSettings(poll_interval=60))) as worker:
        await until(lambda: _alive(worker))
        job_id = await put(other, quick)
        await ended(job_id, "succeeded")
    await other.close()


async def test_a_job_taken_from_redis_and_not_begun_is_found(database, make_runtime, ended):
    runtime = make_runtime(quick)
    async with runtime.lifespan():
        job_id = await put(database, quick)
        taken = await until(lambda: runtime.carrier.pop("default", 1, 1))
        assert taken == [job_id]
    async with working(make_runtime(quick)):
        await ended(job_id, "succeeded")


async def test_the_job_of_a_lost_worker_is_given_on(database, make_runtime, sql, ended):
    opened = asyncio.Event()
    async with working(make_runtime(gate, resources={asyncio.Event: opened})) as worker:
        job_id = await put(database, gate)
        await running(sql, job_id)
        # As if the worker had been killed: nobody renews, and its own attempt is of the past.
        await sql.execute("update job set worker = 'gone', lease_until = now() where id = $1", job_id)
        worker.relay.wake()
        await until(lambda: sql.fetchval("select 1 from job where id = $1 and attempt = 2", job_id))
        opened.set()
        row = await ended(job_id, "succeeded")
    assert row["result"] == "2"
    lost = await sql.fetchrow("select * from job_attempt where job_id = $1", job_id)
    assert (lost["outcome"], lost["worker"]) == ("lost", "gone")


async def test_a_job_that_kills_its_workers_dies_at_last(database, make_runtime, sql, ended):
    async with working(make_runtime(gate, resources={asyncio.Event: asyncio.Event()})) as worker:
        job_id = await put(database, gate)
        await running(sql, job_id)
        await sql.execute(
            "update job set max_attempts = 1, worker = 'gone', lease_until = now() where id = $1", job_id
        )
        worker.relay.wake()
        row = await ended(job_id, "dead")
    assert row["error"] == "The worker was lost"


async def test_an_outcome_under_another_workers_claim_changes_nothing(database, make_runtime, sql):
    # A crash of PostgreSQL may undo a claim, so that two workers hold the same attempt's number.
    opened = asyncio.Event()
    async with working(make_runtime(gate, resources={asyncio.Event: opened})):
        job_id = await put(database, gate)
        await running(sql, job_id)
        row = await sql.fetchrow("select attempt, attempt_started_at, worker from job where id = $1", job_id)
        outcome = Outcome(
            id=job_id, attempt=row["attempt"], state="succeeded", started_at=row["attempt_started_at"]
        )
        assert await record(sql, [outcome], "another", inline=1024) == []
        assert await sql.fetchval("select state from job where id = $1", job_id) == "running"
        assert await record(sql, [outcome], row["worker"], inline=1024) != []
        opened.set()


async def test_a_lease_is_renewed_while_the_job_runs(database, make_runtime, sql):
    opened = asyncio.Event()
    settings = JobsSettings(poll_interval=0.2, lease=3.0)
    async with working(make_runtime(gate, settings=settings, resources={asyncio.Event: opened})):
        job_id = await put(database, gate)
        await running(sql, job_id)
        first = await sql.fetchval("select lease_until from job where id = $1", job_id)
        await until(lambda: sql.fetchval("select 1 from job where lease_until > $1", first))
        assert await sql.fetchval("select attempt from job where id = $1", job_id) == 1
        opened.set()


async def test_a_draining_worker_gives_back_what_it_could_not_finish(database, make_runtime, sql, ended):
    settings = JobsSettings(poll_interval=0.2, grace=0.0)
    first = make_runtime(gate, settings=settings, resources={asyncio.Event: asyncio.Event()})
    async with working(first):
        job_id = await put(database, gate)
        await running(sql, job_id)
    row = await sql.fetchrow("select state, max_attempts from job where id = $1", job_id)
    assert tuple(row) == ("queued", gate.max_attempts + 1)
    opened = asyncio.Event()
    opened.set()
    async with working(make_runtime(gate, resources={asyncio.Event: opened})):
        row = await ended(job_id, "succeeded")
    assert await sql.fetchval("select outcome from job_attempt where job_id = $1", job_id) == "released"


async def test_a_draining_worker_finishes_what_it_can(database, make_runtime, sql):
    opened = asyncio.Event()
    settings = JobsSettings(poll_interval=0.2, grace=60.0)
    runtime = make_runtime(gate, settings=settings, resources={asyncio.Event: opened})
    async with working(runtime) as worker:
        job_id = await put(database, gate)
        await running(sql, job_id)
        worker.stopping.set()
        opened.set()
    row = await sql.fetchrow("select state, attempt from job where id = $1", job_id)
    assert tuple(row) == ("succeeded", 1)


async def test_what_this_program_does_not_know_is_left_alone(database, make_runtime, sql):
    job_id = await put(database, gate)
    async with working(make_runtime(quick)) as worker:
        await worker.relay.tick()
        await worker.relay.tick()
    assert await sql.fetchval("select state from job where id = $1", job_id) == "queued"


async def test_retention_ends_a_job_with_what_belongs_to_it(database, make_runtime, sql, ended):
    async with working(make_runtime(quick)) as worker:
        job_id = await put(database, quick)
        await ended(job_id, "succeeded")
        await sql.execute("insert into job_step (job_id, step) values ($1, 'x')", job_id)
        past = utcnow() - dt.timedelta(seconds=1)
        await sql.execute("update job set expires_at = $1 where id = $2", past, job_id)
        worker.relay.wake()
        await until(lambda: _none(sql))
    assert await sql.fetchval("select count(*) from job_step") == 0


async def test_memory_over_its_limit_ends_the_worker(make_runtime):
    settings = JobsSettings(poll_interval=0.2, lease=0.3, memory_limit=1)
    runtime = make_runtime(quick, settings=settings)
    async with runtime.lifespan():
        worker = runtime.worker()
        await asyncio.wait_for(worker.run(), 60)
    assert worker.recycle


async def _alive(worker) -> bool:
    return worker.listener.alive


async def _none(sql) -> bool:
    return await sql.fetchval("select count(*) from job") == 0


@task("test.cancels-itself", timeout=10, max_attempts=2, retry_delay=0.01)
async def cancels_itself(_ctx: JobContext, _payload: Empty) -> None:
    waited_for = asyncio.get_running_loop().create_future()
    waited_for.cancel()
    await waited_for


@task("test.unprintable", timeout=10, max_attempts=1)
async def unprintable(_ctx: JobContext, _payload: Empty) -> str:
    return "\ud800"


async def test_a_body_that_is_cancelled_from_within_has_failed(database, make_runtime, ended):
    job_id = await put(database, cancels_itself)
    async with working(make_runtime(cancels_itself)):
        row = await ended(job_id, "dead")
    assert (row["attempt"], row["error"]) == (2, "Something that the job waited for was cancelled")


async def test_a_result_that_cannot_be_written_is_an_error_of_the_body(database, make_runtime, ended):
    job_id = await put(database, unprintable)
    async with working(make_runtime(unprintable)):
        row = await ended(job_id, "dead")
    assert row["attempt"] == 1
    assert "lost" not in row["error"]


@task("test.poison", timeout=60, max_attempts=1)
async def poison(_ctx: JobContext, _payload: Empty) -> None:
    await asyncio.Event().wait()


async def test_a_job_that_dies_with_its_worker_is_counted_as_dead(database, make_runtime, sql, ended):
    dead = metrics.ENDED("test.poison", "dead")._value
    before = dead.get()
    job_id = await put(database, poison)
    async with working(make_runtime(poison)) as worker:
        await running(sql, job_id)
        await sql.execute("update job set worker = 'gone', lease_until = now() - interval '1 second'")
        await worker.relay.tick()
        await ended(job_id, "dead")
        assert dead.get() == before + 1
        for attempt in worker.runner.attempts.values():
            attempt.stop("lost")


async def test_without_a_worker_it_is_told_what_waits_for_one(database, make_runtime, sql):
    depth = metrics.DEPTH("default")._value
    await put(database, quick)
    async with database.transaction() as session:
        await enqueue_many(session, slow_by_intent, [Empty()] * 5)
    gauges = make_runtime(quick, slow_by_intent).gauges()
    await sql.execute("insert into job_pause (kind, name) values ('task', 'test.quick')")
    await gauges.look()
    assert depth.get() == 0
    await sql.execute("delete from job_pause")
    await gauges.look()
    assert depth.get() == 1
    await sql.execute("update job set queue = 'forsaken' where task = 'test.quick'")
    await gauges.look()
    assert (depth.get(), metrics.DEPTH("forsaken")._value.get()) == (0, 1)


async def test_workers_are_counted_as_long_as_they_live(database, make_runtime):
    alive = metrics.WORKERS()._value
    gauges = make_runtime(quick).gauges()

    async def are(number: int) -> bool:
        await gauges.look()
        return alive.get() == number

    await until(lambda: are(0))
    async with working(make_runtime(quick)) as worker, working(make_runtime(quick)):
        await until(lambda: are(2))
        named = await database.reads.fetch(
            "select 1 from pg_stat_activity where application_name like '%' || $1", worker.name
        )
        assert len(named) == 1
    await until(lambda: are(0))


async def says(
    health: WorkerHealth, worker: JobsWorker, told: tuple[bool, bytes], *, last: float | None = None
) -> bool:
    if last is not None:
        worker.relay.ticked_at = last
    await worker.relay.tick()
    return health._readiness() == told


async def test_a_worker_says_which_of_its_servers_is_gone(database, make_runtime, monkeypatch):
    runtime = make_runtime(quick)
    async with working(runtime) as worker:
        health = WorkerHealth(worker, poll_interval=0.2)
        await until(lambda: _alive(worker))
        await worker.relay.tick()
        assert health._readiness() == (True, b"ready\n")

        async def away(*_: object) -> None:
            raise ConnectionError

        monkeypatch.setattr(worker.relay._carrier, "elect", away)
        # A look of the worker's own may have begun before; it is outlasted.
        await until(lambda: says(health, worker, (True, b"degraded: redis\n")))
        monkeypatch.setattr(relay, "reap", away)
        await until(lambda: says(health, worker, (False, b"failed: database\n"), last=0.0))
        worker.stopping.set()
        assert health._readiness() == (False, b"stopping\n")


async def test_what_a_draining_worker_gives_back_is_announced(database, make_runtime, sql, ended):
    # No look of the other's own comes in time.
    first = make_runtime(gate, settings=JobsSettings(grace=0.0), resources={asyncio.Event: asyncio.Event()})
    opened = asyncio.Event()
    opened.set()
    second = make_runtime(gate, settings=JobsSettings(poll_interval=3600), resources={asyncio.Event: opened})
    async with AsyncExitStack() as others:
        async with working(first):
            job_id = await put(database, gate)
            await running(sql, job_id)
            worker = await others.enter_async_context(working(second))
            await until(lambda: _alive(worker))
        await ended(job_id, "succeeded")
