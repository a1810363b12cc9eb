from collections.abc import Sequence
from uuid import UUID

from bedplate.platform.db import ReadPool
from bedplate.platform.jobs import metrics
from bedplate.platform.jobs.carrier import Due
from bedplate.platform.jobs.ledger.rows import FIRST

# Run after the members' own commits: of two that end together, the later one sees both.
# One whose members were deleted meanwhile would wait for ever.
SETTLE = """
with verdict as (
  select p.id,
    bool_and(c.state = 'succeeded') as good,
    coalesce(bool_or(c.state in ('failed', 'dead', 'cancelled')), false) or count(c.id) = 0 as bad,
    min(c.id::text) filter (where c.state in ('failed', 'dead', 'cancelled')) as culprit
  from job p left join job c on c.join_id = p.id
  where p.state = 'queued' and p.waiting and p.id = any($1)
  group by p.id
)
update job set
  waiting = false,
  state = case when verdict.bad then 'cancelled' else 'queued' end,
  error = case when verdict.bad then coalesce('Job ' || verdict.culprit || ', which this one waits for, did not succeed',
    'The jobs that this one waits for are gone') end,
  available_at = greatest(job.available_at, now()),
  ended_at = case when verdict.bad then now() end,
  expires_at = case when verdict.bad then now() + $2 * interval '1 second' end
from verdict
where job.id = verdict.id and job.state = 'queued' and job.waiting and (verdict.bad or verdict.good)
returning job.id, job.state, job.join_id, job.queue, job.priority, extract(epoch from job.available_at)::float8,
  job.task
"""
UNBEGUN = "{job}.state = 'cancelled' and {job}.attempt = 0 and {job}.cancel_requested_at is null"
"""A job that was cancelled since what it waited for did not succeed, and by nobody; it may wait again."""
WAITING = "select id from job where state = 'queued' and waiting and id > $1 order by id limit $2"


async def waiting_after(pool: ReadPool, place: UUID, limit: int) -> tuple[list[UUID], UUID]:
    """Return waiting jobs from a place on, and the place where the next page begins."""
    found: list[UUID] = [row[0] for row in await pool.fetch(WAITING, place, limit)]
    return found, found[-1] if len(found) == limit else FIRST


async def settle(pool: ReadPool, joins: Sequence[UUID], keep: float) -> list[Due]:
    """Let waiting jobs begin whose members have all succeeded, cancel those one of whose did not.

    Cancelling goes on to what waits for the cancelled. Returns what is due.
    """
    due: list[Due] = []
    pending = list(joins)
    while pending:
        rows = await pool.fetch(SETTLE, pending, keep)
        due += [Due(row[0], row[3], row[4], row[5]) for row in rows if row[1] == "queued"]
        metrics.cancelled(row[6] for row in rows if row[1] == "cancelled")
        pending = [row[2] for row in rows if row[1] == "cancelled" and row[2] is not None]
    return due
