from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, bindparam, cast, or_, select, type_coerce, union_all
from sqlalchemy.orm import aliased

from bedplate.platform.db import Listing, Read, ReadPool, Sort
from bedplate.platform.jobs.models import Job, JobAttempt, JobEvent, JobResult
from bedplate.platform.jobs.views import AttemptView, JobRow, LargeResult, ProgressEvent

type TeamScope = Callable[[ColumnElement[Any]], ColumnElement[bool]]
"""Whether a row's team is one of the caller's, whose id is the parameter `user_id`."""

EVENTS = Read(
    select(JobEvent.seq, JobEvent.at, JobEvent.attempt, JobEvent.progress, JobEvent.message)
    .where(JobEvent.job_id == bindparam("job_id"), JobEvent.seq > bindparam("after"))
    .order_by(JobEvent.seq),
    ProgressEvent,
)
APART = Read(select(JobResult.data).where(JobResult.job_id == bindparam("job_id")), LargeResult)
ATTEMPTS = Read(
    select(
        JobAttempt.attempt,
        JobAttempt.outcome,
        JobAttempt.worker,
        JobAttempt.started_at,
        JobAttempt.ended_at,
        JobAttempt.error,
        JobAttempt.detail,
    )
    .where(JobAttempt.job_id == bindparam("job_id"))
    .order_by(JobAttempt.attempt),
    AttemptView,
)


def in_scope(scope: TeamScope) -> ColumnElement[bool]:
    """Whether a job is the caller's own or of one of his teams."""
    return or_(_own(Job), scope(type_coerce(Job.team_id, Job.team_id.type)))


def all_in_scope(scope: TeamScope) -> ColumnElement[bool]:
    """The same for a list: by the two indexes, where an alternative would make PostgreSQL read every job."""
    mine, teams = aliased(Job), aliased(Job)
    return Job.id.in_(
        union_all(
            select(mine.id).where(_own(mine)),
            select(teams.id).where(scope(type_coerce(teams.team_id, Job.team_id.type))),
        )
    )


def _own(job: type[Job]) -> ColumnElement[bool]:
    return job.owner_id == bindparam("user_id", type_=Job.owner_id.type)


def job_columns() -> Select[*tuple[Any, ...]]:
    """Select what a `JobRow` holds."""
    return select(
        Job.id,
        Job.task.label("type"),
        Job.state,
        Job.progress,
        Job.message,
        Job.attempt.label("attempts"),
        Job.max_attempts,
        cast(Job.result, String).label("result"),
        Job.error,
        Job.created_at,
        Job.started_at,
        Job.ended_at,
        Job.available_at,
        Job.cancel_requested_at.is_not(None).label("cancel_requested"),
        Job.owner_id,
        Job.team_id,
        Job.parent_id,
        Job.queue,
        Job.priority,
        Job.tags,
    )


def one_job(condition: ColumnElement[bool] | None = None) -> Read[JobRow]:
    """A read of one job by `job_id`, within a scope or by an operator."""
    statement = job_columns().where(Job.id == bindparam("job_id"))
    return Read(statement if condition is None else statement.where(condition), JobRow)


async def result_of(reads: ReadPool, row: JobRow) -> bytes:
    """The result of a job that has succeeded, however large."""
    if row.result is not None:
        return row.result.encode()
    apart = await APART.first(reads, job_id=row.id)
    return apart.data.encode() if apart else b"null"


def job_listing(name: str, condition: ColumnElement[bool] | None = None) -> Listing[JobRow]:
    """A list of jobs, within a scope or for an operator."""
    statement = job_columns()
    return Listing(
        name,
        statement if condition is None else statement.where(condition),
        JobRow,
        sorts={"created_at": Sort(columns=(Job.id,), kinds=(UUID,))},
        default_sort="-created_at",
        filters={
            "type": Job.task == bindparam("type"),
            "state": Job.state == bindparam("state"),
            "queue": Job.queue == bindparam("queue"),
            "team_id": Job.team_id == bindparam("team_id"),
            "parent_id": Job.parent_id == bindparam("parent_id"),
            "tag": Job.tags.contains(bindparam("tags")),
        },
    )
