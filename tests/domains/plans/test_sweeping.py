import datetime as dt

import pytest

from bedplate.domains.plans import sweeping
from bedplate.platform.jobs import Empty, enqueue_alone

from .conftest import SAMPLE, Workspace

HELD = """
select (select count(*) from document where plan_id = $1 and revision is null),
       (select count(*) from document where plan_id = $1 and revision is not null),
       (select count(*) from plan_event where plan_id = $1)
"""


async def held(work: Workspace) -> tuple[int, ...]:
    row = await work.jobs.database.reads.fetchrow(HELD, work.plan_id)
    assert row is not None
    return tuple(row)


async def swept(work: Workspace) -> None:
    await enqueue_alone(work.jobs.database, sweeping.sweep, Empty())
    await work.jobs.run_until_idle()


async def test_uploads_that_nobody_took_in_and_old_events_go(
    sample_plan: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sample_plan.take_in(SAMPLE.read_bytes(), "?dry_run=true")
    pending, taken_in, events = await held(sample_plan)
    assert min(pending, taken_in, events) > 0
    await swept(sample_plan)
    assert await held(sample_plan) == (pending, taken_in, events)
    # A minute ahead, as ids are of the clock's milliseconds.
    monkeypatch.setattr(sweeping, "UPLOADS_KEPT", dt.timedelta(minutes=-1))
    await swept(sample_plan)
    assert await held(sample_plan) == (0, taken_in, events)
    monkeypatch.setattr(sweeping, "EVENTS_KEPT", dt.timedelta(minutes=-1))
    await swept(sample_plan)
    assert await held(sample_plan) == (0, taken_in, 0)
