from collections.abc import Sequence
from uuid import UUID

import msgspec

from bedplate.platform.db import ReadPool

RENEW = """
update job set lease_until = now() + $3 * interval '1 second'
where id = any($1) and worker = $2 and state = 'running'
returning id, attempt, cancel_requested_at is not null
"""
LOOK = """
select id, attempt, cancel_requested_at is not null from job
where id = any($1) and worker = $2 and state = 'running'
"""
# A lost attempt counts: a job that kills its worker must not do so for ever.
REAP = """
with lost as (
  select id, attempt, worker, attempt_started_at from job
  where state = 'running' and lease_until < now()
  order by lease_until limit 500 for update skip locked
), noted as (
  insert into job_attempt (job_id, attempt, outcome, worker, started_at, ended_at, error)
  select id, attempt, 'lost', worker, attempt_started_at, now(), 'The worker was lost' from lost
)
update job set
  state = case when cancel_requested_at is not null then 'cancelled'
               when job.attempt >= max_attempts then 'dead' else 'queued' end,
  error = 'The worker was lost',
  available_at = now(),
  lease_until = null,
  attempt_started_at = null,
  ended_at = case when cancel_requested_at is not null or job.attempt >= max_attempts then now() end,
  expires_at = case
    when cancel_requested_at is not null then now() + $1 * interval '1 second'
    when job.attempt >= max_attempts then now() + $2 * interval '1 second' end
from lost where job.id = lost.id
returning job.id, job.state, job.task, job.worker, job.attempt
"""


class Held(msgspec.Struct, frozen=True):
    """A job that is still this worker's, and whether it shall stop."""

    id: UUID
    attempt: int
    cancel: bool


class Reaped(msgspec.Struct, frozen=True):
    """A job taken from a worker that fell silent, and where it went."""

    id: UUID
    state: str
    task: str
    worker: str
    attempt: int


async def renew(pool: ReadPool, jobs: Sequence[UUID], worker: str, lease: float) -> list[Held]:
    """Hold on to the worker's jobs for another `lease` seconds; one that is missing was taken away."""
    return [Held(*row) for row in await pool.fetch(RENEW, jobs, worker, lease)]


async def look(pool: ReadPool, jobs: Sequence[UUID], worker: str) -> list[Held]:
    """Read the same without renewing."""
    return [Held(*row) for row in await pool.fetch(LOOK, jobs, worker)]


async def reap(pool: ReadPool, *, keep_cancelled: float, keep_failed: float) -> list[Reaped]:
    """Take jobs from workers whose lease ran out: queued again, dead, or cancelled if that was asked."""
    return [Reaped(*row) for row in await pool.fetch(REAP, keep_cancelled, keep_failed)]
