import datetime as dt
import logging
from itertools import islice
from zoneinfo import ZoneInfo

import msgspec
import pytest

from bedplate.platform.db import utcnow
from bedplate.platform.jobs import Empty, JobContext, Schedule, task
from bedplate.platform.jobs.cron import occurrences
from bedplate.platform.jobs.schedule_book import list_schedules, pause_schedule, resume_schedule

from .conftest import until, working

BERLIN = ZoneInfo("Europe/Berlin")


@task("test.tick", timeout=10)
async def tick(_ctx: JobContext, _payload: Empty) -> None: ...


class Wrong(msgspec.Struct):
    """Not the payload of any task here."""


def every_minute(catch_up="once") -> Schedule:
    return Schedule(name="minutely", task=tick, cron="* * * * *", catch_up=catch_up)


async def overdue(sql, seconds: float) -> None:
    await sql.execute("update job_schedule set next_at = now() - make_interval(secs => $1)", seconds)


async def count(sql) -> int:
    return await sql.fetchval("select count(*) from job where tags = '{schedule:minutely}'")


async def test_four_workers_fire_once(make_runtime, sql):
    runtimes = [make_runtime(tick, schedules=(every_minute(),)) for _ in range(4)]
    async with (
        working(runtimes[0]) as a,
        working(runtimes[1]) as b,
        working(runtimes[2]) as c,
        working(runtimes[3]) as d,
    ):
        await until(lambda: sql.fetchval("select 1 from job_schedule"))
        await overdue(sql, 5)
        for worker in (a, b, c, d):
            worker.relay.wake()
        await until(lambda: sql.fetchval("select 1 from job where state = 'succeeded'"))
        for worker in (a, b, c, d):
            await worker.relay.tick()
        assert await count(sql) == 1
    row = await sql.fetchrow("select * from job_schedule")
    assert row["missed"] == 0
    assert row["next_at"] > utcnow()
    assert row["last_job_id"] == await sql.fetchval("select id from job")


@pytest.mark.parametrize(
    ("catch_up", "grace", "missed", "jobs"),
    [("skip", 60, 4, 1), ("skip", 10, 5, 0), ("once", 10, 5, 1), ("all", 60, 4, 5)],
)
async def test_after_an_outage_the_policy_decides_and_says_so(
    catch_up, grace, missed, jobs, make_runtime, sql, caplog, monkeypatch
):
    schedule = Schedule(name="minutely", task=tick, cron="* * * * *", catch_up=catch_up, grace=grace)
    scheduler = make_runtime(tick, schedules=(schedule,)).scheduler
    first = dt.datetime(2026, 1, 5, 11, 56, tzinfo=dt.UTC)
    monkeypatch.setattr("bedplate.platform.jobs.schedules.utcnow", lambda: first + dt.timedelta(seconds=270))
    await scheduler.keep()
    await sql.execute("update job_schedule set next_at = $1", first)
    with caplog.at_level(logging.WARNING):
        await scheduler.fire_due()
    row = await sql.fetchrow("select missed, next_at from job_schedule")
    assert tuple(row) == (missed, dt.datetime(2026, 1, 5, 12, 1, tzinfo=dt.UTC))
    assert await count(sql) == jobs
    assert f"missed {missed} firing(s)" in caplog.text
    assert f"policy {catch_up}: {jobs} run now" in caplog.text


@pytest.mark.parametrize("catch_up", ["skip", "once", "all"])
async def test_after_weeks_the_latest_firings_count(catch_up, make_runtime, sql, monkeypatch):
    scheduler = make_runtime(tick, schedules=(every_minute(catch_up),)).scheduler
    await scheduler.keep()
    last = dt.datetime(2026, 1, 19, 12, 0, 30, tzinfo=dt.UTC)
    monkeypatch.setattr("bedplate.platform.jobs.schedules.utcnow", lambda: last)
    await sql.execute("update job_schedule set next_at = $1", last.replace(second=0) - dt.timedelta(days=2))
    await scheduler.fire_due()
    row = await sql.fetchrow("select missed, last_at from job_schedule")
    assert tuple(row) == (2 * 24 * 60, last.replace(second=0))
    assert await count(sql) == (100 if catch_up == "all" else 1)


async def test_a_changed_rule_is_due_anew_and_an_old_one_keeps_its_place(make_runtime, sql):
    await make_runtime(tick, schedules=(every_minute(),)).scheduler.keep()
    await overdue(sql, 5)
    await make_runtime(tick, schedules=(every_minute(),)).scheduler.keep()
    assert await sql.fetchval("select next_at < now() from job_schedule")
    changed = Schedule(name="minutely", task=tick, cron="0 3 * * *", timezone="Europe/Berlin")
    await make_runtime(tick, schedules=(changed,)).scheduler.keep()
    assert (await sql.fetchval("select next_at from job_schedule")).astimezone(BERLIN).hour == 3


async def test_a_paused_schedule_rests_and_can_be_run_by_hand(database, make_runtime, sql):
    runtime = make_runtime(tick, schedules=(every_minute(),))
    scheduler = runtime.scheduler
    await scheduler.keep()
    async with database.transaction() as session:
        await pause_schedule(session, scheduler, "minutely")
    await overdue(sql, 5)
    await scheduler.fire_due()
    assert await count(sql) == 0
    (view,) = await list_schedules(database.reads, scheduler)
    assert (view.paused, view.next_at, view.next_runs) == (True, None, [])
    async with database.transaction() as session:
        await scheduler.run_now(session, "minutely")
        await resume_schedule(session, scheduler, "minutely")
    assert await count(sql) == 1
    (view,) = await list_schedules(database.reads, scheduler)
    # A minute may have ended between the two.
    assert view.next_at in {view.next_runs[0], view.next_runs[0] - dt.timedelta(minutes=1)}
    assert len(view.next_runs) == 5


async def test_a_pause_holds_before_any_worker_has_begun(database, make_runtime, sql):
    scheduler = make_runtime(tick, schedules=(every_minute(),)).scheduler
    async with database.transaction() as session:
        await pause_schedule(session, scheduler, "minutely")
    (view,) = await list_schedules(database.reads, scheduler)
    assert view.paused
    await make_runtime(tick, schedules=(every_minute(),)).scheduler.keep()
    await overdue(sql, 5)
    await scheduler.fire_due()
    assert await count(sql) == 0
    async with database.transaction() as session:
        await resume_schedule(session, scheduler, "minutely")
    await overdue(sql, 5)
    await scheduler.fire_due()
    assert await count(sql) == 1


@pytest.mark.parametrize(
    "broken",
    [
        Schedule(name="broken", task=tick, cron="* * * * *", payload=Wrong()),
        Schedule(name="broken", task=tick, cron="never"),
    ],
    ids=["payload", "rule"],
)
async def test_a_schedule_that_cannot_fire_holds_up_no_other(broken, make_runtime, sql, caplog):
    # On both sides of it by name: whichever is first, all of them are looked at.
    before, after = (
        Schedule(name=name, task=tick, cron="* * * * *") for name in ("a-minutely", "z-minutely")
    )
    scheduler = make_runtime(tick, schedules=(before, broken, after)).scheduler
    await scheduler.keep()
    await overdue(sql, 5)
    with caplog.at_level(logging.WARNING):
        await scheduler.fire_due()
    fired = await sql.fetch("select tags[1] as tag from job order by tag")
    assert [row["tag"] for row in fired] == ["schedule:a-minutely", "schedule:z-minutely"]
    assert "schedule broken" in caplog.text
    await overdue(sql, 5)
    await scheduler.fire_due()
    assert await sql.fetchval("select count(*) from job") == 4


def moments(cron: str, after: dt.datetime, number: int) -> list[str]:
    found = islice(occurrences(cron, BERLIN, after), number)
    return [moment.astimezone(BERLIN).isoformat() for moment in found]


def test_a_wall_time_in_the_gap_of_spring_is_moved_to_its_end():
    assert moments("30 2 * * *", dt.datetime(2026, 3, 28, 12, tzinfo=BERLIN), 2) == [
        "2026-03-29T03:00:00+02:00",
        "2026-03-30T02:30:00+02:00",
    ]


def test_a_wall_time_that_autumn_repeats_counts_once():
    assert moments("30 2 * * *", dt.datetime(2026, 10, 24, 12, tzinfo=BERLIN), 2) == [
        "2026-10-25T02:30:00+02:00",
        "2026-10-26T02:30:00+01:00",
    ]


def test_a_rule_for_every_hour_fires_in_both():
    after = dt.datetime(2026, 10, 25, 1, 45, tzinfo=BERLIN)
    assert moments("30 * * * *", after, 3) == [
        "2026-10-25T02:30:00+02:00",
        "2026-10-25T02:30:00+01:00",
        "2026-10-25T03:30:00+01:00",
    ]


@pytest.mark.parametrize("cron", ["", "* * * *", "61 * * * *", "* * * * * *"])
def test_what_is_no_rule_is_refused(cron):
    with pytest.raises(ValueError, match="five fields"):
        next(occurrences(cron, BERLIN, utcnow()))
