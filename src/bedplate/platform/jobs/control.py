import datetime as dt
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bedplate.platform.db import after_commit
from bedplate.platform.jobs import metrics
from bedplate.platform.jobs.carrier import Due
from bedplate.platform.jobs.errors import JobEnded, JobKeyTaken, JobNotEnded, JobNotFound
from bedplate.platform.jobs.handover import DUE_CHANNEL, announce
from bedplate.platform.jobs.ledger.joins import UNBEGUN
from bedplate.platform.jobs.ledger.trees import ABOVE_CANCELLED, CANCEL_TREES
from bedplate.platform.jobs.models import Job, JobPause

CANCEL_CHANNEL = "bedplate_job_cancel"
STATE = text("select state from job where id = :id")
CANCEL = text(
    CANCEL_TREES.format(ids=":ids", keep="cast(:keep as float8)") + "select id, state, task from told"  # noqa: S608 - no input is in it
)
NAMED = """(cast(:ids as uuid[]) is null or id = any(:ids))
    and (cast(:state as text) is null or state = :state) and (cast(:task as text) is null or task = :task)
    and (cast(:queue as text) is null or queue = :queue)
    and (cast(:tag as text) is null or tags @> array[cast(:tag as text)])
    and (cast(:since as timestamptz) is null or ended_at >= :since)
    and (cast(:until as timestamptz) is null or ended_at < :until)
    and (cast(:error as text) is null or position(:error in error) > 0)
"""
# Its end stays the moment when it died.
DISMISS = text(f"""
update job set state = 'cancelled', cancel_requested_at = now(),
  expires_at = now() + make_interval(secs => :keep)
where state = 'dead' and {NAMED}
returning id
""")  # noqa: S608 - no input is in it
WAITED = UNBEGUN.format(job="job")
# Of several with one unique key the newest is taken, and none whose key a younger job has by now, nor any whose
# tree was cancelled. What waited for them waits again.
RETRY = text(f"""
with recursive named as (
  select id, row_number() over (partition by task, coalesce(unique_key, id::text) order by id desc) as place
  from job
  where state in ('failed', 'dead') and {NAMED}
    and not exists (
      select from job other where other.task = job.task and other.unique_key = job.unique_key
        and other.state in ('queued', 'running'))
    and not exists (select from job above where {ABOVE_CANCELLED})
), again as (
  update job set state = 'queued', available_at = now(), ended_at = null, expires_at = null, error = null,
    cancel_requested_at = null, progress = 0, message = null, max_attempts = attempt + :attempts
  from named where job.id = named.id and named.place = 1 and job.state in ('failed', 'dead')
  returning job.id, queue, priority, extract(epoch from available_at)::float8 as at, join_id
), behind as (
  select join_id as id from again where join_id is not null
  union
  select unnest(array(select join_id from job where job.id = behind.id and join_id is not null and {WAITED}))
  from behind
), revived as (
  update job set state = 'queued', waiting = true, ended_at = null, expires_at = null, error = null
  where id = any(array(select id from behind)) and {WAITED}
)
select id, queue, priority, at from again
""")  # noqa: S608 - no input is in it
ABOVE = text(f"select exists (select from job above where {ABOVE_CANCELLED}) from job where id = :id")  # noqa: S608 - no input is in it
NOTIFY = text("select pg_notify(:channel, :payload)")

type PauseKind = Literal["queue", "task"]


class Which(Struct, frozen=True, kw_only=True):
    """Which failed and dead jobs: those that fit every field which is set.

    `since` and `until` bound the moment of their end; `error` is a part of what they say.
    """

    ids: tuple[UUID, ...] | None = None
    state: str | None = None
    task: str | None = None
    queue: str | None = None
    tag: str | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    error: str | None = None


async def cancel_job(session: AsyncSession, job_id: UUID, *, keep: float) -> None:
    """Cancel a job and those under it: what waits ends now, what runs is told to stop.

    A dead letter is dismissed by it: it waits for nobody any more.

    Raises:
        JobNotFound: there is no such job.
        JobEnded: it has ended already, is no dead letter, and nothing under it is queued or running.
    """
    rows = (await session.execute(CANCEL, {"ids": [job_id], "keep": keep})).all()
    if not any(row[0] == job_id for row in rows):
        dismissed = await dismiss_jobs(session, Which(ids=(job_id,)), keep=keep)
        if not rows and not dismissed:
            await _state(session, job_id)
            raise JobEnded
    for row in rows:
        if row[1] == "running":
            await session.execute(NOTIFY, {"channel": CANCEL_CHANNEL, "payload": str(row[0])})

    async def count() -> None:
        metrics.cancelled(row[2] for row in rows if row[1] == "cancelled")

    after_commit(session, count)


async def retry_job(session: AsyncSession, job_id: UUID, *, attempts: int) -> None:
    """Queue a failed or dead job again, with so many attempts more.

    Raises:
        JobNotFound: there is no such job.
        JobNotEnded: it is queued or running.
        JobEnded: it has succeeded or was cancelled, or the one above it was.
        JobKeyTaken: another job with its unique key is queued or running.
    """
    if not await retry_jobs(session, Which(ids=(job_id,)), attempts=attempts):
        state = await _state(session, job_id)
        if state in {"succeeded", "cancelled"}:
            raise JobEnded(f"The job is {state}; only a failed or dead one is tried again")
        if state not in {"failed", "dead"}:
            raise JobNotEnded
        if await session.scalar(ABOVE, {"id": job_id}):
            raise JobEnded("The job above it was cancelled, and all under it with it")
        raise JobKeyTaken


async def retry_jobs(session: AsyncSession, which: Which, *, attempts: int) -> int:
    """Queue failed and dead jobs again, with so many attempts more; returns how many.

    What was cancelled because it waited for them, in a chain or a join, waits for them again.

    One whose unique key another job has by now, or above which a job was cancelled, is left as it is.
    """
    rows = (await session.execute(RETRY, {**_values(which), "attempts": attempts})).all()
    await announce(session, [Due(*row) for row in rows])
    return len(rows)


async def dismiss_jobs(session: AsyncSession, which: Which, *, keep: float) -> int:
    """Cancel dead letters, and nothing else that the fields name; returns how many."""
    return len((await session.execute(DISMISS, {**_values(which), "keep": keep})).all())


async def pause(session: AsyncSession, kind: PauseKind, name: str) -> None:
    """Begin no more jobs of a queue or a task, over all workers; those that run end."""
    await session.execute(insert(JobPause).values(kind=kind, name=name).on_conflict_do_nothing())


async def resume(session: AsyncSession, kind: PauseKind, name: str) -> bool:
    """Begin them again; False: there was no such pause."""
    named = delete(JobPause).where(JobPause.kind == kind, JobPause.name == name)
    if await session.scalar(named.returning(JobPause.name)) is None:
        return False
    await session.execute(NOTIFY, {"channel": DUE_CHANNEL, "payload": ""})
    return True


async def forget_owner(session: AsyncSession, owner_id: UUID) -> None:
    """Delete a person's ended jobs with what they found; a team's jobs stay the team's."""
    own = (Job.owner_id == owner_id, Job.team_id.is_(None), Job.ended_at.is_not(None))
    await session.execute(delete(Job).where(*own).execution_options(synchronize_session=False))


def _values(which: Which) -> dict[str, Any]:
    return {**asdict(which), "ids": None if which.ids is None else list(which.ids)}


async def _state(session: AsyncSession, job_id: UUID) -> str:
    state = await session.scalar(STATE, {"id": job_id})
    if state is None:
        raise JobNotFound
    return state
