import datetime as dt

from bedplate.domains.plans.sweeping import EVENTS_KEPT, UPLOADS_KEPT, sweep_plans

from .conftest import SAMPLE, Workspace

# Ids are of the clock's milliseconds: what is of now is older than the next minute.
AHEAD = dt.timedelta(minutes=-1)
HELD = """
select (select count(*) from document where plan_id = $1 and revision is null),
       (select count(*) from document where plan_id = $1 and revision is not null),
       (select count(*) from plan_event where plan_id = $1)
"""


async def held(work: Workspace) -> tuple[int, ...]:
    row = await work.jobs.database.reads.fetchrow(HELD, work.plan_id)
    assert row is not None
    return tuple(row)


async def test_uploads_that_nobody_took_in_and_old_events_go(sample_plan: Workspace) -> None:
    await sample_plan.take_in(SAMPLE.read_bytes(), "?dry_run=true")
    pending, taken_in, events = await held(sample_plan)
    assert min(pending, taken_in, events) > 0
    for uploads_before, events_before, left in (
        (UPLOADS_KEPT, EVENTS_KEPT, (pending, taken_in, events)),
        (AHEAD, EVENTS_KEPT, (0, taken_in, events)),
        (AHEAD, AHEAD, (0, taken_in, 0)),
    ):
        await sweep_plans(
            sample_plan.jobs.database, uploads_before=uploads_before, events_before=events_before
        )
        assert await held(sample_plan) == left
