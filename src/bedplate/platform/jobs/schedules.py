import asyncio
import datetime as dt
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bedplate.platform.db import Database, utcnow
from bedplate.platform.jobs import metrics
from bedplate.platform.jobs.cron import occurrences
from bedplate.platform.jobs.enqueue import enqueue
from bedplate.platform.jobs.errors import ScheduleNotFound
from bedplate.platform.jobs.models import JobSchedule
from bedplate.platform.jobs.tasks import Empty, Task
from bedplate.platform.telemetry import attach

MOST = 100_000
CAUGHT_UP = 100
DUE = """
select name from job_schedule where next_at <= now() and not paused and name = any($1) order by next_at, name
"""
TAKE = text("""
select next_at from job_schedule where name = :name and next_at <= now() and not paused
for update skip locked
""")
FIRED = text("""
update job_schedule set next_at = :next_at, last_at = coalesce(:last_at, last_at),
  last_job_id = coalesce(:job_id, last_job_id), missed = missed + :missed,
  last_missed_at = coalesce(:missed_at, last_missed_at)
where name = :name
""")
logger = logging.getLogger(__name__)

type CatchUp = Literal["skip", "once", "all"]


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A task that is due by the clock, once over all workers.

    `cron` has five fields and is read in `timezone`. A firing that is over `grace` seconds late was missed:
    `catch_up` then skips it, makes up for all missed ones once, or for each (the latest hundred).
    """

    name: str
    task: Task[Any]
    cron: str
    timezone: str = "UTC"
    payload: msgspec.Struct = field(default_factory=Empty)
    catch_up: CatchUp = "once"
    grace: float = 60.0

    @property
    def rule(self) -> str:
        return f"{self.cron} {self.timezone}"

    def row(self) -> dict[str, Any]:
        """What the ledger holds of it before its first firing."""
        moment = self.after(utcnow())
        return {"name": self.name, "rule": self.rule, "next_at": moment, "paused": False, "missed": 0}

    def after(self, moment: dt.datetime) -> dt.datetime:
        """The first firing after a moment."""
        return next(occurrences(self.cron, ZoneInfo(self.timezone), moment))

    def between(self, first: dt.datetime, last: dt.datetime) -> list[dt.datetime]:
        """The firings from one moment to another, `first` being one; ten weeks of a minutely one at most."""
        found = [first]
        for moment in islice(occurrences(self.cron, ZoneInfo(self.timezone), first), MOST):
            if moment > last:
                break
            found.append(moment)
        return found

    def chosen(self, due: list[dt.datetime], missed: list[dt.datetime]) -> list[dt.datetime]:
        """Which of the due firings shall run, by the policy."""
        if self.catch_up == "all":
            return due[-CAUGHT_UP:]
        if self.catch_up == "once":
            return due[-1:]
        return due[len(missed) :][-1:]


class Scheduler:
    """Fires schedules: a row's lock decides which worker does, its transaction holds the job."""

    def __init__(self, database: Database, schedules: Iterable[Schedule]) -> None:
        self._database = database
        self._kept = False
        self.schedules = {schedule.name: schedule for schedule in schedules}

    def get(self, name: str) -> Schedule:
        """Return a declared schedule.

        Raises:
            ScheduleNotFound: there is none of that name.
        """
        if name not in self.schedules:
            raise ScheduleNotFound
        return self.schedules[name]

    async def keep(self) -> None:
        """Write new and changed declarations to the ledger; one whose rule has no next moment is left out."""
        rows = [row for schedule in self.schedules.values() if (row := _row_or_none(schedule))]
        if not rows:
            return
        statement = insert(JobSchedule).values(rows)
        new = statement.excluded
        statement = statement.on_conflict_do_update(
            index_elements=[JobSchedule.name],
            set_={"rule": new.rule, "next_at": new.next_at},
            where=JobSchedule.rule != new.rule,
        )
        async with self._database.transaction() as session:
            await session.execute(statement)

    async def fire_due(self) -> None:
        """Enqueue what is due, each schedule in a transaction of its own: one that fails holds up no other."""
        if not self.schedules:
            return
        if not self._kept:
            await self.keep()
            self._kept = True
        for row in await self._database.reads.fetch(DUE, list(self.schedules)):
            schedule = self.schedules[row[0]]
            try:
                # No request began it: its trace begins here, and holds the firing, the handover and the run.
                with attach(None, f"schedule {schedule.name}", "internal"):
                    await self._take(schedule)
            except Exception as error:  # noqa: BLE001 - whatever it was, the next look tries again
                _tell(schedule, error)

    async def run_now(self, session: AsyncSession, name: str, owner_id: UUID | None = None) -> UUID:
        """Enqueue a schedule's job out of turn."""
        schedule = self.get(name)
        tags = [f"schedule:{name}"]
        return await enqueue(session, schedule.task, schedule.payload, tags=tags, owner_id=owner_id)

    async def _take(self, schedule: Schedule) -> None:
        async with self._database.transaction() as session:
            next_at = await session.scalar(TAKE, {"name": schedule.name})
            # Another worker fires it, or has.
            if next_at is not None:
                await self._fire(session, schedule, next_at)

    async def _fire(self, session: AsyncSession, schedule: Schedule, next_at: dt.datetime) -> None:
        now = utcnow()
        # After a long outage there are many, and reckoning them must not hold up what runs here.
        due = await asyncio.to_thread(schedule.between, next_at, now)
        missed = [moment for moment in due if (now - moment).total_seconds() > schedule.grace]
        chosen = schedule.chosen(due, missed)
        job_id: UUID | None = None
        for moment in chosen:
            job_id = await enqueue(
                session,
                schedule.task,
                schedule.payload,
                tags=[f"schedule:{schedule.name}"],
                run_at=moment,
            )
        values = {
            "name": schedule.name,
            "next_at": schedule.after(max(now, due[-1])),
            "last_at": chosen[-1] if chosen else None,
            "job_id": job_id,
            "missed": len(missed),
            "missed_at": missed[-1] if missed else None,
        }
        await session.execute(FIRED, values)
        if missed:
            metrics.MISSED(schedule.name).inc(len(missed))
            told = "schedule %s missed %d firing(s), the last due at %s; policy %s: %d run now"
            logger.warning(
                told, schedule.name, len(missed), missed[-1].isoformat(), schedule.catch_up, len(chosen)
            )


def _row_or_none(schedule: Schedule) -> dict[str, Any] | None:
    try:
        return schedule.row()
    except Exception as error:  # noqa: BLE001 - a rule that cannot be read must not keep the others out
        _tell(schedule, error)
        return None


def _tell(schedule: Schedule, error: Exception) -> None:
    logger.warning("schedule %s cannot fire (%s: %s)", schedule.name, type(error).__name__, error)
