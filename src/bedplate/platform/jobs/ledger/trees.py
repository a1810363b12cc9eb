from collections.abc import Sequence
from uuid import UUID

from bedplate.platform.db import ReadPool
from bedplate.platform.jobs import metrics
from bedplate.platform.jobs.ledger.rows import FIRST

# By arrays, as the planner takes a join with them for one with much of the table, and reads all of it.
CANCEL_TREES = """
with recursive tree as (
  select unnest(cast({ids} as uuid[])) as id
  union
  select unnest(array(select job.id from job where job.parent_id = tree.id)) from tree
), told as (
  update job set
    cancel_requested_at = coalesce(cancel_requested_at, now()),
    state = case when state = 'queued' then 'cancelled' else state end,
    waiting = false,
    ended_at = case when state = 'queued' then now() end,
    expires_at = case when state = 'queued' then now() + {keep} * interval '1 second' end
  where job.id = any(array(select id from tree)) and job.state in ('queued', 'running')
  returning job.id, job.state, job.task
)
"""
# Whatever a job enqueued between its cancellation and its end.
CANCEL_BELOW = f"""
{CANCEL_TREES.format(ids="$1", keep="$2")}
select task, state, case when state = 'running' then pg_notify($3, id::text) end from told
"""  # noqa: S608 - no input is in it
ABOVE_CANCELLED = (
    "above.id = job.parent_id and above.ended_at is not null and above.cancel_requested_at is not null"
)
# Its worker may have died before it looked, or something enqueued it later still. Those above that succeeded all
# the same count: it was the tree that was cancelled.
FORSAKEN = f"""
select job.id, (select above.id from job above where {ABOVE_CANCELLED})
from job
where parent_id is not null and state in ('queued', 'running') and cancel_requested_at is null and job.id > $1
order by job.id limit $2
"""  # noqa: S608 - no input is in it


async def cancel_below(pool: ReadPool, ids: Sequence[UUID], *, keep: float, channel: str) -> None:
    """Cancel all that still lives under jobs which have been cancelled; running ones are told by `channel`."""
    if ids:
        rows = await pool.fetch(CANCEL_BELOW, list(ids), keep, channel)
        metrics.cancelled(row[0] for row in rows if row[1] == "cancelled")


async def forsaking(pool: ReadPool, place: UUID, limit: int) -> tuple[list[UUID], UUID]:
    """Return cancelled jobs under which something lives, and where the next page of the living begins."""
    rows = await pool.fetch(FORSAKEN, place, limit)
    following = rows[-1][0] if len(rows) == limit else FIRST
    return list({row[1] for row in rows if row[1] is not None}), following
