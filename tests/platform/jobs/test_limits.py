import asyncio

from bedplate.platform.jobs import Empty, JobContext, Rate, enqueue, enqueue_many, task
from bedplate.platform.jobs.ledger import claims, scans
from bedplate.settings.jobs import JobsSettings

from .conftest import until, working


class Gauge:
    def __init__(self) -> None:
        self.now = self.most = 0


@task("test.narrow", timeout=10, concurrency=2)
async def narrow(ctx: JobContext, _payload: Empty) -> None:
    gauge = ctx.resource(Gauge)
    gauge.now += 1
    gauge.most = max(gauge.most, gauge.now)
    await asyncio.sleep(0.01)
    gauge.now -= 1


@task("test.rated", timeout=10, rate=Rate(3, 3600))
async def rated(_ctx: JobContext, _payload: Empty) -> None: ...


async def put(database, job, count: int, **options) -> None:
    async with database.transaction() as session:
        await enqueue_many(session, job, [Empty()] * count, **options)


async def ended(sql, count: int) -> bool:
    return await sql.fetchval("select count(*) from job where state = 'succeeded'") == count


async def test_concurrency_holds_over_two_workers(database, make_runtime, sql):
    gauge = Gauge()
    settings = JobsSettings(poll_interval=0.05)
    one = make_runtime(narrow, settings=settings, resources={Gauge: gauge})
    two = make_runtime(narrow, settings=settings, resources={Gauge: gauge})
    async with working(one), working(two):
        await put(database, narrow, 20)
        await until(lambda: ended(sql, 20))
    assert gauge.most == 2


async def test_a_rate_holds_over_two_workers(database, make_runtime, sql):
    async with working(make_runtime(rated)) as one, working(make_runtime(rated)) as two:
        await put(database, rated, 10)
        await until(lambda: ended(sql, 3))
        for worker in (one, two, one, two):
            await worker.relay.tick()
        assert await ended(sql, 3)
        await sql.execute("update job set attempt_started_at = attempt_started_at - interval '2 hours'")
        await until(lambda: ended(sql, 6))


@task("test.was-narrow", timeout=10, concurrency=1)
async def was_narrow(_ctx: JobContext, _payload: Empty) -> None: ...


@task("test.was-narrow", timeout=10)
async def is_wide(_ctx: JobContext, _payload: Empty) -> None: ...


async def test_a_limit_that_a_deployment_takes_away_holds_no_job_back(database, make_runtime, sql):
    await put(database, was_narrow, 3)
    async with working(make_runtime(is_wide)):
        await until(lambda: ended(sql, 3))


async def test_a_limit_that_a_deployment_brings_holds_for_what_is_queued(database, make_runtime, sql):
    await put(database, is_wide, 3)
    async with working(make_runtime(was_narrow)):
        await until(lambda: ended(sql, 3))
    assert await sql.fetchval("select bool_and(limited) from job")


async def test_a_worker_that_ends_when_idle_does_not_wait_for_a_rate(database, make_runtime, sql):
    await put(database, rated, 5)
    runtime = make_runtime(rated)
    async with runtime.lifespan(), asyncio.timeout(60):
        await runtime.worker().run_until_idle()
    assert await ended(sql, 3)


async def test_the_next_of_a_limited_task_follows_at_once(database, make_runtime, sql):
    await put(database, was_narrow, 4)
    # No look of the relay's own comes in time.
    async with working(make_runtime(was_narrow, settings=JobsSettings(poll_interval=3600))):
        await until(lambda: ended(sql, 4))


async def test_what_an_old_process_enqueues_under_a_limit_that_is_gone_begins(database, make_runtime, sql):
    async with working(make_runtime(is_wide)) as worker:
        await worker.relay.tick()
        await put(database, was_narrow, 3)
        await until(lambda: ended(sql, 3))


async def test_what_an_old_process_limits_and_nobody_announces_begins(database, make_runtime, sql):
    async with working(make_runtime(is_wide)) as worker:
        await worker.relay.tick()
        await put(database, is_wide, 3, delay=3600)
        # As of an old process that died before it announced them.
        await sql.execute("update job set limited = true, available_at = now()")
        await until(lambda: ended(sql, 3))


async def test_what_an_old_process_enqueues_without_the_new_limit_is_held_to_it(database, make_runtime, sql):
    async with working(make_runtime(was_narrow)) as worker:
        await worker.relay.tick()
        await put(database, is_wide, 3)
        await until(lambda: ended(sql, 3))
    assert await sql.fetchval("select bool_and(limited) from job")


WAITS = (
    "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%update job set limited%'"
)


async def test_two_workers_that_begin_together_agree_on_the_limits(database, sql):
    await put(database, was_narrow, 3)
    async with sql.transaction():
        await sql.execute(scans.LIMIT_ANEW, ["test.was-narrow"], [])
        other = asyncio.create_task(scans.limit_anew(database.reads, free=["test.was-narrow"], limited=[]))
        await until(lambda: database.reads.fetch(WAITS))
    await other
    assert not await sql.fetchval("select bool_or(limited) from job")


async def test_jobs_in_a_queue_of_others_hold_back_no_own_ones(database, make_runtime, sql):
    await put(database, rated, 3, priority=9)
    await sql.execute("update job set queue = 'forsaken'")
    await put(database, rated, 3)
    runtime = make_runtime(rated)
    async with runtime.lifespan(), asyncio.timeout(60):
        await runtime.worker().run_until_idle()
    states = await sql.fetch("select queue, state, count(*) from job group by 1, 2 order by 1")
    assert [tuple(row) for row in states] == [("default", "succeeded", 3), ("forsaken", "queued", 3)]


async def test_a_limited_task_that_fails_to_be_claimed_drops_no_other_claim(database, monkeypatch):
    async def free_places(_connection: object, limit: claims.Limit) -> int:
        if limit.task == narrow.name:
            raise ConnectionError
        return 1

    monkeypatch.setattr(claims, "free_places", free_places)
    ids = {}
    async with database.transaction() as session:
        for job in (narrow, rated, is_wide):
            ids[job.name] = await enqueue(session, job, Empty())
    limits = [claims.Limit(narrow.name, 1, None, 0.0), claims.Limit(rated.name, 1, None, 0.0)]
    claimer = claims.Claimer(database.reads, worker="w", lease=60, tasks=list(ids), freeing=[], limits=limits)
    found = await claimer.claim(list(ids.values()))
    assert {claim.task for claim in found} == {rated.name, is_wide.name}
