import asyncio

import msgspec
import pytest

from bedplate.platform.db import utcnow
from bedplate.platform.errors import Conflict, Unavailable
from bedplate.platform.jobs import (
    Empty,
    JobContext,
    Permanent,
    enqueue,
    enqueue_alone,
    enqueue_many,
    task,
)
from bedplate.platform.jobs.operate import details
from bedplate.platform.jobs.recorder import REFUSED
from bedplate.settings.jobs import JobsSettings

from .conftest import FAST, until, working


class Number(msgspec.Struct, forbid_unknown_fields=True):
    value: int


@task("test.double", payload=Number, timeout=10)
async def double(ctx: JobContext, payload: Number) -> dict[str, int]:
    return {"doubled": payload.value * 2, "attempt": ctx.attempt}


@task("test.flaky", payload=Number, timeout=10, max_attempts=3, retry_delay=0.01)
async def flaky(ctx: JobContext, payload: Number) -> None:
    if ctx.attempt <= payload.value:
        raise ValueError("a secret of the house")


@task("test.refused", timeout=10)
async def refused(_ctx: JobContext, _payload: Empty) -> None:
    raise Permanent("The document has no plan in it")


@task("test.conflict", timeout=10)
async def conflict(_ctx: JobContext, _payload: Empty) -> None:
    raise Conflict("Somebody was faster")


@task("test.unavailable", timeout=10, max_attempts=1)
async def unavailable(_ctx: JobContext, _payload: Empty) -> None:
    raise Unavailable("The store is away")


@task("test.hung", timeout=0.05, max_attempts=1)
async def hung(_ctx: JobContext, _payload: Empty) -> None:
    await asyncio.Event().wait()


@task("test.silent", heartbeat=0.05, max_attempts=1)
async def silent(ctx: JobContext, _payload: Empty) -> None:
    for _ in range(10):
        await asyncio.sleep(0.02)
        ctx.beat()
    await asyncio.Event().wait()


@task("test.nul", timeout=10)
async def nul(_ctx: JobContext, _payload: Empty) -> str:
    return "\x00"


@task("test.large", timeout=10)
async def large(_ctx: JobContext, _payload: Empty) -> str:
    return "x" * 2000


async def test_a_job_runs_after_its_commit(database, make_runtime, ended):
    async with working(make_runtime(double)):
        async with database.transaction() as session:
            job_id = await enqueue(session, double, Number(21))
        row = await ended(job_id, "succeeded")
    assert msgspec.json.decode(row["result"]) == {"doubled": 42, "attempt": 1}
    assert row["progress"] == 100
    assert row["expires_at"] > utcnow()


class Ran(list[int]):
    """The payloads of the bodies that ran, in their order."""


@task("test.counted", payload=Number, timeout=10)
async def counted(ctx: JobContext, payload: Number) -> None:
    ctx.resource(Ran).append(payload.value)


async def test_a_rolled_back_transaction_never_ran_its_job(database, make_runtime, sql, ended, monkeypatch):
    ran, announced = Ran(), set()
    # One at a time and the oldest first: what was announced before another ran before it.
    runtime = make_runtime(
        counted, settings=JobsSettings(poll_interval=0.2, concurrency=1), resources={Ran: ran}
    )
    push = runtime.carrier.push

    async def noted(jobs):
        announced.update(job.id for job in jobs)
        await push(jobs)

    monkeypatch.setattr(runtime.carrier, "push", noted)

    async def commit(value):
        async with database.transaction() as session:
            job_id = await enqueue(session, counted, Number(value))
        await ended(job_id, "succeeded")
        return job_id

    async def enqueue_and_fail():
        async with database.transaction() as session:
            await enqueue(session, counted, Number(1))
            committed.append(await commit(2))
            raise RuntimeError

    committed = []
    async with working(runtime):
        with pytest.raises(RuntimeError):
            await enqueue_and_fail()
        committed.append(await commit(3))
    assert ran == [2, 3]
    assert announced == set(committed)
    assert await sql.fetchval("select count(*) from job") == 2


async def test_attempts_are_repeated_with_their_errors_kept(database, make_runtime, sql, ended):
    async with working(make_runtime(flaky)):
        async with database.transaction() as session:
            job_id = await enqueue(session, flaky, Number(2))
        row = await ended(job_id, "succeeded")
    assert row["attempt"] == 3
    attempts = await sql.fetch("select * from job_attempt where job_id = $1 order by attempt", job_id)
    assert [(a["attempt"], a["outcome"], a["error"]) for a in attempts] == [
        (1, "error", "Unexpected error (ValueError)"),
        (2, "error", "Unexpected error (ValueError)"),
    ]
    assert "a secret of the house" in attempts[0]["detail"]
    assert attempts[0]["ended_at"] >= attempts[0]["started_at"]


async def test_used_up_attempts_make_a_dead_letter(database, make_runtime, ended):
    async with working(make_runtime(flaky)):
        async with database.transaction() as session:
            job_id = await enqueue(session, flaky, Number(9))
        row = await ended(job_id, "dead")
    assert (row["attempt"], row["error"]) == (3, "Unexpected error (ValueError)")


@pytest.mark.parametrize(
    ("job", "state", "error"),
    [
        (refused, "failed", "The document has no plan in it"),
        (conflict, "failed", "Somebody was faster"),
        (unavailable, "dead", "The store is away"),
        (hung, "dead", "No end within 0.05 s"),
        (silent, "dead", "No end within 0.05 s of a heartbeat"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
async def test_how_an_attempt_ends_decides_the_state(job, state, error, database, make_runtime, ended):
    async with working(make_runtime(job)):
        async with database.transaction() as session:
            job_id = await enqueue(session, job, Empty())
        row = await ended(job_id, state)
    assert (row["attempt"], row["error"]) == (1, error)


async def test_a_result_beyond_the_bound_fails_the_job(database, make_runtime, ended):
    settings = JobsSettings(poll_interval=0.2, max_result=1024)
    async with working(make_runtime(large, settings=settings)):
        async with database.transaction() as session:
            job_id = await enqueue(session, large, Empty())
        row = await ended(job_id, "failed")
    assert row["error"] == "The result has 2002 bytes; 1024 are allowed"


async def test_a_payload_that_no_longer_fits_fails(database, make_runtime, sql, ended):
    async with database.transaction() as session:
        job_id = await enqueue(session, double, Number(1))
    await sql.execute("update job set payload = '{\"old\": 1}' where id = $1", job_id)
    async with working(make_runtime(double)):
        row = await ended(job_id, "failed")
    assert row["error"] == "The payload (version 1) does not fit test.double"


async def test_an_older_payload_is_upgraded(database, make_runtime, sql, ended):
    @task(
        "test.double",
        payload=Number,
        timeout=10,
        version=2,
        upgrades={1: lambda old: {"value": old["number"]}},
    )
    async def newer(_ctx: JobContext, payload: Number) -> int:
        return payload.value

    async with database.transaction() as session:
        job_id = await enqueue(session, double, Number(0))
    await sql.execute("update job set payload = '{\"number\": 7}' where id = $1", job_id)
    async with working(make_runtime(newer)):
        row = await ended(job_id, "succeeded")
    assert row["result"] == "7"


@pytest.mark.parametrize("number", [1_000, pytest.param(10_000, marks=pytest.mark.nightly)])
async def test_many_in_one_statement(database, make_runtime, sql, number):
    runtime = make_runtime(double, settings=JobsSettings(poll_interval=0.2, concurrency=50))
    async with working(runtime):
        async with database.transaction() as session:
            ids = await enqueue_many(session, double, [Number(n) for n in range(number)])
        assert len(set(ids)) == number

        async def all_done():
            return await sql.fetchval("select count(*) from job where state = 'succeeded'") == number

        await until(all_done, 600)
    assert await sql.fetchval("select count(*) from job where attempt <> 1") == 0


async def test_a_delayed_job_waits_and_higher_priority_goes_first(database, make_runtime, sql, ended):
    runtime = make_runtime(double, settings=JobsSettings(poll_interval=0.2, concurrency=1))
    async with database.transaction() as session:
        low = await enqueue(session, double, Number(1), priority=-5)
        usual = await enqueue(session, double, Number(2))
        high = await enqueue(session, double, Number(3), priority=5)
        delayed = await enqueue(session, double, Number(4), delay=3600, priority=50)
    async with working(runtime) as worker:
        for job_id in (low, usual, high):
            await ended(job_id, "succeeded")
        assert await sql.fetchval("select state from job where id = $1", delayed) == "queued"
        await sql.execute("update job set available_at = now() where id = $1", delayed)
        worker.relay.wake()
        await ended(delayed, "succeeded")
    order = await sql.fetch("select id from job order by started_at")
    assert [row["id"] for row in order] == [high, usual, low, delayed]


async def test_a_job_of_its_own_takes_one_trip(database, make_runtime, sql, ended):
    async with working(make_runtime(double)):
        announced = await enqueue_alone(database, double, Number(4), tags=["alone"])
        row = await ended(announced, "succeeded")
        assert (row["result"], row["tags"]) == ('{"attempt": 1, "doubled": 8}', ["alone"])
    unannounced = await enqueue_alone(database, double, Number(5))
    async with working(make_runtime(double)):
        await ended(unannounced, "succeeded")


async def test_a_large_result_lies_apart_from_the_queue(database, make_runtime, sql, ended):
    settings = JobsSettings(poll_interval=0.2, inline_result=1024)
    async with working(make_runtime(large, settings=settings)):
        job_id = await enqueue_alone(database, large, Empty())
        row = await ended(job_id, "succeeded")
    assert row["result"] is None
    assert len(await sql.fetchval("select data from job_result where job_id = $1", job_id)) == 2002
    found = await details(database.reads, job_id)
    assert found is not None
    assert len(found.job.result) == 2002


async def test_what_the_ledger_cannot_keep_fails_the_job_and_no_other(database, make_runtime, ended):
    async with working(make_runtime(nul, double)):
        job_id = await enqueue_alone(database, nul, Empty())
        other = await enqueue_alone(database, double, Number(1))
        row = await ended(job_id, "failed")
        await ended(other, "succeeded")
    assert (row["attempt"], row["error"]) == (1, REFUSED)


async def test_jobs_run_without_redis_in_this_process(database, ended):
    from bedplate.platform.jobs import JobsRuntime, MemoryCarrier

    runtime = JobsRuntime(database, FAST, MemoryCarrier(), tasks=[double, flaky])
    async with runtime.lifespan():
        async with database.transaction() as session:
            first = await enqueue(session, double, Number(4))
            refused_once = await enqueue(session, flaky, Number(1))
        await runtime.run_until_idle()
        await ended(first, "succeeded")
        await until(lambda: _again(runtime, ended, refused_once))


async def _again(runtime, ended, job_id):
    await runtime.run_until_idle()
    return await ended(job_id, "succeeded")
