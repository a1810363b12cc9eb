import datetime as dt
from uuid import UUID

import msgspec
from sqlalchemy import Integer, Text, bindparam, or_, select

from bedplate.platform.db import Read, ReadPool
from bedplate.platform.jobs.models import Job, JobPause
from bedplate.platform.jobs.reads import ATTEMPTS, job_columns, one_job, result_of
from bedplate.platform.jobs.views import AttemptView, JobRow, JobView

WHOLE = 1 << 30


class JobDetails(msgspec.Struct):
    """A job and the attempts that did not succeed."""

    job: JobView
    attempts: list[AttemptView]


class Pause(msgspec.Struct):
    """A queue or a task that is paused, and since when."""

    kind: str
    name: str
    at: dt.datetime


_ANY = one_job()
_PAUSES = Read(
    select(JobPause.kind, JobPause.name, JobPause.at).order_by(JobPause.kind, JobPause.name), Pause
)
_LATEST = Read(
    job_columns()
    .where(
        *(
            or_(bindparam(name, type_=Text).is_(None), column == bindparam(name, type_=Text))
            for name, column in (("state", Job.state), ("task", Job.task), ("queue", Job.queue))
        )
    )
    .order_by(Job.id.desc())
    .limit(bindparam("limit", type_=Integer)),
    JobRow,
)


async def latest(
    reads: ReadPool, *, state: str | None, task: str | None, queue: str | None, limit: int
) -> list[JobRow]:
    """The newest jobs of everybody."""
    return await _LATEST.all(reads, state=state, task=task, queue=queue, limit=limit)


async def list_pauses(reads: ReadPool) -> list[Pause]:
    """All that is paused, by kind and name."""
    return await _PAUSES.all(reads)


async def details(reads: ReadPool, job_id: UUID) -> JobDetails | None:
    """Everything about anybody's job."""
    row = await _ANY.first(reads, job_id=job_id)
    if row is None:
        return None
    view = row.view(WHOLE)
    view.result = msgspec.Raw(await result_of(reads, row))
    return JobDetails(view, await ATTEMPTS.all(reads, job_id=job_id))
