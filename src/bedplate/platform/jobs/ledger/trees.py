from collections.abc import Sequence
from uuid import UUID

from bedplate.platform.db import ReadPool

# Whatever a job enqueued between its cancellation and its end. By arrays, as the planner takes a join with them for
# one with much of the table, and reads all of it.
CANCEL_BELOW = """
with recursive tree as (
  select unnest($1::uuid[]) as id
  union
  select unnest(array(select job.id from job where job.parent_id = tree.id)) from tree
), told as (
  update job set
    cancel_requested_at = coalesce(cancel_requested_at, now()),
    state = case when state = 'queued' then 'cancelled' else state end,
    waiting = false,
    ended_at = case when state = 'queued' then now() end,
    expires_at = case when state = 'queued' then now() + $2 * interval '1 second' end
  where job.id = any(array(select id from tree)) and job.state in ('queued', 'running')
  returning job.id, job.state
)
select pg_notify($3, id::text) from told where state = 'running'
"""


async def cancel_below(pool: ReadPool, ids: Sequence[UUID], *, keep: float, channel: str) -> None:
    """Cancel all that still lives under jobs which have been cancelled; running ones are told by `channel`."""
    if ids:
        await pool.fetch(CANCEL_BELOW, list(ids), keep, channel)
