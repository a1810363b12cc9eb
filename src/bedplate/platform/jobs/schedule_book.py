from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bedplate.platform.db import Read, ReadPool, utcnow
from bedplate.platform.jobs.cron import occurrences
from bedplate.platform.jobs.models import JobSchedule
from bedplate.platform.jobs.schedules import Schedule, Scheduler
from bedplate.platform.jobs.views import ScheduleRow, ScheduleView

RUNS_SHOWN = 5
ALL = Read(
    select(
        JobSchedule.name,
        JobSchedule.next_at,
        JobSchedule.last_at,
        JobSchedule.last_job_id,
        JobSchedule.paused,
        JobSchedule.missed,
        JobSchedule.last_missed_at,
    ),
    ScheduleRow,
)


async def list_schedules(reads: ReadPool, scheduler: Scheduler) -> list[ScheduleView]:
    """Every declared schedule, by name, with its next runs."""
    rows = {row.name: row for row in await ALL.all(reads)}
    return [_view(schedule, rows.get(name)) for name, schedule in sorted(scheduler.schedules.items())]


async def pause_schedule(session: AsyncSession, scheduler: Scheduler, name: str) -> None:
    """Fire a schedule no more, for the time being; it holds for one that no worker has written yet, too.

    Raises:
        ScheduleNotFound: there is none of that name.
    """
    row = {**scheduler.get(name).row(), "paused": True}
    statement = insert(JobSchedule).values(row)
    await session.execute(
        statement.on_conflict_do_update(index_elements=[JobSchedule.name], set_={"paused": True})
    )


async def resume_schedule(session: AsyncSession, scheduler: Scheduler, name: str) -> None:
    """Fire it again, from its next moment on: what fell into the pause was meant not to run.

    Raises:
        ScheduleNotFound: there is none of that name.
    """
    values: dict[str, Any] = {"paused": False, "next_at": scheduler.get(name).after(utcnow())}
    statement = update(JobSchedule).where(JobSchedule.name == name, JobSchedule.paused.is_(True))
    await session.execute(statement.values(**values))


def _view(schedule: Schedule, row: ScheduleRow | None) -> ScheduleView:
    paused = row is not None and row.paused
    coming = occurrences(schedule.cron, ZoneInfo(schedule.timezone), utcnow())
    return ScheduleView(
        name=schedule.name,
        type=schedule.task.name,
        cron=schedule.cron,
        timezone=schedule.timezone,
        catch_up=schedule.catch_up,
        paused=paused,
        next_at=None if row is None or paused else row.next_at,
        next_runs=[] if paused else list(islice(coming, RUNS_SHOWN)),
        last_at=row.last_at if row else None,
        last_job_id=row.last_job_id if row else None,
        missed=row.missed if row else 0,
        last_missed_at=row.last_missed_at if row else None,
    )
