from typing import Literal
from uuid import UUID

from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bedplate.platform.jobs.carrier import Due
from bedplate.platform.jobs.errors import JobEnded, JobNotEnded, JobNotFound
from bedplate.platform.jobs.handover import DUE_CHANNEL, announce
from bedplate.platform.jobs.models import JobPause

CANCEL_CHANNEL = "bedplate_job_cancel"
STATE = text("select state from job where id = :id")
CANCEL = text("""
with recursive tree as (
  select id from job where id = :id
  union
  select child.id from job child join tree on child.parent_id = tree.id
)
update job set
  cancel_requested_at = coalesce(cancel_requested_at, now()),
  state = case when state = 'queued' then 'cancelled' else state end,
  waiting = false,
  ended_at = case when state = 'queued' then now() end,
  expires_at = case when state = 'queued' then now() + make_interval(secs => :keep) end
from tree
where job.id = tree.id and job.state in ('queued', 'running')
returning job.id, job.state
""")
RETRY = text("""
update job set state = 'queued', available_at = now(), ended_at = null, expires_at = null, error = null,
  cancel_requested_at = null, progress = 0, max_attempts = attempt + :attempts
where state in ('failed', 'dead') and (cast(:id as uuid) is null or id = :id)
  and (cast(:state as text) is null or state = :state) and (cast(:task as text) is null or task = :task)
returning id, queue, priority, extract(epoch from available_at)::float8
""")
NOTIFY = text("select pg_notify(:channel, :payload)")

type PauseKind = Literal["queue", "task"]


async def cancel_job(session: AsyncSession, job_id: UUID, *, keep: float) -> None:
    """Cancel a job and those under it: what waits ends now, what runs is told to stop.

    Raises:
        JobNotFound: there is no such job.
        JobEnded: it has ended already.
    """
    rows = (await session.execute(CANCEL, {"id": job_id, "keep": keep})).all()
    if not any(row[0] == job_id for row in rows):
        await _explain(session, job_id, JobEnded)
    for row in rows:
        if row[1] == "running":
            await session.execute(NOTIFY, {"channel": CANCEL_CHANNEL, "payload": str(row[0])})


async def retry_job(session: AsyncSession, job_id: UUID, *, attempts: int) -> None:
    """Queue a failed or dead job again, with so many attempts more.

    Raises:
        JobNotFound: there is no such job.
        JobNotEnded: it is not a failed or dead one.
    """
    if not await retry_jobs(session, job_id=job_id, attempts=attempts):
        await _explain(session, job_id, JobNotEnded)


async def retry_jobs(
    session: AsyncSession,
    *,
    attempts: int,
    job_id: UUID | None = None,
    state: str | None = None,
    task: str | None = None,
) -> int:
    """Queue failed and dead jobs again, all or those that a filter names; returns how many."""
    values = {"id": job_id, "state": state, "task": task, "attempts": attempts}
    rows = (await session.execute(RETRY, values)).all()
    await announce(session, [Due(*row) for row in rows])
    return len(rows)


async def pause(session: AsyncSession, kind: PauseKind, name: str) -> None:
    """Begin no more jobs of a queue or a task, over all workers; those that run end."""
    await session.execute(insert(JobPause).values(kind=kind, name=name).on_conflict_do_nothing())


async def resume(session: AsyncSession, kind: PauseKind, name: str) -> None:
    """Begin them again."""
    await session.execute(delete(JobPause).where(JobPause.kind == kind, JobPause.name == name))
    await session.execute(NOTIFY, {"channel": DUE_CHANNEL, "payload": ""})


async def _explain(session: AsyncSession, job_id: UUID, otherwise: type[Exception]) -> None:
    if await session.scalar(STATE, {"id": job_id}) is None:
        raise JobNotFound
    raise otherwise
