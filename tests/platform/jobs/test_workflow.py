import asyncio

import msgspec

from bedplate.platform.db import utcnow
from bedplate.platform.jobs import Empty, JobContext, Permanent, Step, chain, enqueue, fan_out, relay, task
from bedplate.platform.jobs.control import cancel_job, retry_job
from bedplate.platform.jobs.ledger.scans import sweep

from .conftest import until, working


class Number(msgspec.Struct):
    value: int


@task("test.give", payload=Number, timeout=10)
async def give(_ctx: JobContext, payload: Number) -> int:
    if payload.value < 0:
        raise Permanent("Negative")
    return payload.value


@task("test.sum", timeout=10)
async def total(ctx: JobContext, _payload: Empty) -> int:
    return sum(one.decode(int) for one in await ctx.joined())


async def test_a_join_runs_after_all_members(database, make_runtime, ended):
    async with working(make_runtime(give, total)):
        async with database.transaction() as session:
            members = [Step(give, Number(n)) for n in range(50)]
            join = await fan_out(session, members, Step(total, Empty()))
        row = await ended(join, "succeeded")
    assert row["result"] == str(sum(range(50)))


async def test_a_chain_runs_in_order(database, make_runtime, sql, ended):
    async with working(make_runtime(give, total)):
        async with database.transaction() as session:
            steps = [Step(give, Number(5)), Step(total, Empty()), Step(total, Empty())]
            ids = await chain(session, steps)
        row = await ended(ids[-1], "succeeded")
    assert row["result"] == "5"
    order = await sql.fetch("select id from job order by started_at")
    assert [one["id"] for one in order] == ids


async def test_a_join_whose_members_are_gone_does_not_wait_for_ever(database, make_runtime, sql, ended):
    async with database.transaction() as session:
        members = [Step(give, Number(n)) for n in range(2)]
        join = await fan_out(session, members, Step(total, Empty()))
    await sql.execute("delete from job where join_id = $1", join)
    async with working(make_runtime(give, total)):
        row = await ended(join, "cancelled")
    assert row["error"] == "The jobs that this one waits for are gone"


async def test_a_member_is_kept_until_its_join_has_read_it(database, make_runtime, sql, ended):
    async with working(make_runtime(give)):
        async with database.transaction() as session:
            members = [Step(give, Number(20)), Step(give, Number(22))]
            join = await fan_out(session, members, Step(total, Empty()))
        for member in await sql.fetch("select id from job where join_id = $1", join):
            await ended(member["id"], "succeeded")
    await sql.execute("update job set expires_at = now() - interval '1 day' where join_id = $1", join)
    await sweep(database.reads, 1000)
    async with working(make_runtime(give, total)):
        row = await ended(join, "succeeded")
    assert row["result"] == "42"
    await sql.execute("update job set expires_at = now() - interval '1 day' where join_id = $1", join)
    await sweep(database.reads, 1000)
    assert await sql.fetchval("select count(*) from job where join_id = $1", join) == 0


async def test_a_failure_cancels_what_waits_for_it(database, make_runtime, ended):
    async with working(make_runtime(give, total)):
        async with database.transaction() as session:
            steps = [Step(give, Number(-1)), Step(total, Empty()), Step(total, Empty())]
            ids = await chain(session, steps)
        await ended(ids[0], "failed")
        row = await ended(ids[1], "cancelled")
        await ended(ids[2], "cancelled")
    assert str(ids[0]) in row["error"]
    assert row["attempt"] == 0


async def test_many_joins_that_wait_keep_no_other_waiting(database, make_runtime, sql, ended, monkeypatch):
    monkeypatch.setattr(relay, "JOINS", 1)
    joins = []
    for number in range(3):
        async with database.transaction() as session:
            joins.append(await fan_out(session, [Step(give, Number(number))], Step(total, Empty())))
    # Ended by a worker that died before it looked who waits for them; the others' members never end.
    await sql.execute("update job set available_at = now() + interval '1 hour' where not waiting")
    await sql.execute(
        "update job set state = 'succeeded', ended_at = now(), result = '7' where join_id = $1", joins[-1]
    )
    async with working(make_runtime(give, total)):
        await ended(joins[-1], "succeeded")
    assert await sql.fetchval("select count(*) from job where waiting") == 2


async def test_many_children_that_live_keep_no_other_living(database, make_runtime, sql, ended, monkeypatch):
    monkeypatch.setattr(relay, "LIVING", 1)
    async with database.transaction() as session:
        roots = [await enqueue(session, total, Empty(), delay=3600) for _ in range(3)]
        below = [await enqueue(session, total, Empty(), delay=3600, parent_id=root) for root in roots]
    await sql.execute(
        "update job set state = 'cancelled', cancel_requested_at = now(), ended_at = now() where id = $1",
        roots[-1],
    )
    async with working(make_runtime(total)):
        await ended(below[-1], "cancelled")
    assert await sql.fetchval("select count(*) from job where state = 'queued'") == 4


class Mended(asyncio.Event):
    """Set once the cause is mended."""


@task("test.broken", payload=Number, timeout=10)
async def broken(ctx: JobContext, payload: Number) -> int:
    if not ctx.resource(Mended).is_set():
        raise Permanent("Broken")
    return payload.value


async def retry(database, job_id) -> None:
    async with database.transaction() as session:
        await retry_job(session, job_id, attempts=1)


async def test_a_replayed_step_goes_on_with_its_chain(database, make_runtime, sql, ended):
    mended = Mended()
    async with working(make_runtime(broken, total, resources={Mended: mended})):
        async with database.transaction() as session:
            ids = await chain(session, [Step(broken, Number(5)), Step(total, Empty()), Step(total, Empty())])
        await ended(ids[-1], "cancelled")
        mended.set()
        await retry(database, ids[0])
        await until(lambda: sql.fetchval("select 1 from job where id = $1 and attempt = 1", ids[-1]))
        row = await ended(ids[-1], "succeeded")
    assert (row["result"], row["error"]) == ("5", None)


async def test_a_join_runs_once_all_its_members_are_replayed(database, make_runtime, sql, ended):
    mended = Mended()
    runtime = make_runtime(broken, give, total, resources={Mended: mended})
    async with working(runtime):
        async with database.transaction() as session:
            members = [Step(broken, Number(20)), Step(broken, Number(21)), Step(give, Number(1))]
            join = await fan_out(session, members, Step(total, Empty()))
        found = await sql.fetch("select id from job where join_id = $1 and task = 'test.broken'", join)
        for member in found:
            await ended(member["id"], "failed")
        await ended(join, "cancelled")
        mended.set()
        await retry(database, found[0]["id"])
        await ended(found[0]["id"], "succeeded")
        # For the other one has failed still.
        await ended(join, "cancelled")
        await retry(database, found[1]["id"])
        await until(lambda: sql.fetchval("select 1 from job where id = $1 and attempt = 1", join))
        row = await ended(join, "succeeded")
    assert row["result"] == "42"


async def test_what_somebody_cancelled_is_not_revived_by_a_replay(database, sql):
    async with database.transaction() as session:
        ids = await chain(session, [Step(total, Empty())] * 3)
        await cancel_job(session, ids[1], keep=60)
    await sql.execute("update job set state = 'dead', ended_at = now() where id = $1", ids[0])
    await retry(database, ids[0])
    states = await sql.fetch("select state from job order by array_position($1, id)", ids)
    assert [row["state"] for row in states] == ["queued", "cancelled", "queued"]


async def test_a_member_is_kept_as_long_as_its_join_may_be_replayed(database, sql):
    async with database.transaction() as session:
        join = await fan_out(session, [Step(give, Number(1))], Step(total, Empty()))
    expired = "update job set state = 'succeeded', ended_at = now(), expires_at = now() - interval '1 s' where join_id = $1"
    ending = """update job set state = $2, attempt = $3, cancel_requested_at = $4, waiting = false,
      ended_at = now() where id = $1"""
    for state, attempt, asked, left in (
        ("dead", 1, None, 1),
        ("failed", 1, None, 1),
        ("cancelled", 0, None, 1),
        ("cancelled", 0, utcnow(), 0),
    ):
        await sql.execute(expired, join)
        await sql.execute(ending, join, state, attempt, asked)
        await sweep(database.reads, 1000)
        assert await sql.fetchval("select count(*) from job where join_id = $1", join) == left


async def test_kept_members_keep_nothing_else_from_being_swept(database, sql):
    async with database.transaction() as session:
        join = await fan_out(session, [Step(give, Number(n)) for n in range(3)], Step(total, Empty()))
        other = await enqueue(session, total, Empty())
    gone = "update job set state = 'succeeded', ended_at = now(), expires_at = now() - $2 * interval '1 hour'"
    await sql.execute(f"{gone} where join_id = $1", join, 2)
    await sql.execute(f"{gone} where id = $1", other, 1)
    for _ in range(3):
        await sweep(database.reads, 2)
    assert await sql.fetchval("select count(*) from job where id = $1", other) == 0
    assert await sql.fetchval("select count(*) from job where join_id = $1", join) == 3
