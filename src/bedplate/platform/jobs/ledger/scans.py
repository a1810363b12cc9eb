import datetime as dt
from collections.abc import Sequence
from uuid import UUID

import asyncpg

from bedplate.platform.db import ReadPool
from bedplate.platform.jobs.carrier import Due
from bedplate.platform.jobs.ledger.claims import Limit, free_places
from bedplate.platform.jobs.ledger.joins import UNBEGUN
from bedplate.platform.jobs.ledger.rows import fetch

NOT_PAUSED = """
not exists (select from job_pause p
  where (p.kind = 'queue' and p.name = job.queue) or (p.kind = 'task' and p.name = job.task))
"""
SCAN = f"""
select id, queue, priority, extract(epoch from available_at)::float8, available_at from job
where state = 'queued' and not waiting and not limited and available_at <= now()
  and (available_at, id) > ($1, $2) and {NOT_PAUSED}
order by available_at, id limit $3
"""  # noqa: S608 - no input is in it
SCAN_LIMITED = f"""
select id, queue, priority, extract(epoch from available_at)::float8 from job
where limited and task = $1 and state = 'queued' and not waiting and available_at <= now() and queue = any($3)
  and {NOT_PAUSED}
order by priority desc, available_at limit $2
"""  # noqa: S608 - no input is in it
# A deployment may give a task a limit, or take it away, while jobs of it are queued. Each state is named, as
# two workers that begin together would turn the other's word around.
LIMIT_ANEW = """
update job set limited = task = any($2) where state = 'queued' and id = any(array(
  select id from job where limited and task = any($1) and state = 'queued'
  union all
  select id from job where state = 'queued' and not waiting and not limited and task = any($2)
  union all
  select id from job where state = 'queued' and waiting and not limited and task = any($2)))
"""
# Enqueued since by a process that knows another limit, or requeued: few.
FREE = """
update job set limited = false where state = 'queued' and id = any(array(
  select id from job where limited and task = any($1) and state = 'queued' limit $2 for update skip locked))
"""
NEXT = """
select extract(epoch from min(available_at) - now())::float8 from job
where state = 'queued' and not waiting and available_at > now()
"""
# By an array, as the planner takes a join with so many for one with a tenth of the table, and reads all of it.
# What a join reads, or will should it or a member be replayed, stays, and is not looked at again for an hour; by a
# scalar, so that the join is looked up row by row.
SWEEP = f"""
with found as materialized (
  select id, coalesce((
    select j.state in ('succeeded', 'cancelled') and not ({UNBEGUN.format(job="j")})
    from job j where j.id = job.join_id), true) as over
  from job where expires_at < now()
  order by expires_at limit $1 for update skip locked
), kept as (
  update job set expires_at = now() + interval '1 hour'
  where id = any(array(select id from found where not over))
)
delete from job where id = any(array(select id from found where over))
"""  # noqa: S608 - no input is in it
START = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
type Place = tuple[dt.datetime, UUID]
BEGINNING: Place = (START, UUID(int=0))


async def due_after(pool: ReadPool, place: Place, limit: int) -> tuple[list[Due], Place]:
    """Return due jobs from a place on, oldest first, and the place where the next page begins."""
    rows = await pool.fetch(SCAN, *place, limit)
    following = (rows[-1][4], rows[-1][0]) if len(rows) == limit else BEGINNING
    return [Due(*row[:4]) for row in rows], following


async def due_limited(connection: asyncpg.Connection, limit: Limit, queues: Sequence[str]) -> list[Due]:
    """Return as many due jobs of a limited task as may start now; in other queues they would wait in the way."""
    free = await free_places(connection, limit)
    if free <= 0:
        return []
    rows = await fetch(connection, SCAN_LIMITED, limit.task, free, queues)
    return [Due(*row) for row in rows]


async def limit_anew(pool: ReadPool, *, free: Sequence[str], limited: Sequence[str]) -> None:
    """Hold queued jobs to the limits that their tasks have now."""
    await pool.fetch(LIMIT_ANEW, free, limited)


async def free_unlimited(pool: ReadPool, free: Sequence[str], limit: int) -> None:
    """Let go of queued jobs that another process held to a limit which their task does not have."""
    await pool.fetch(FREE, free, limit)


async def next_due(pool: ReadPool) -> float | None:
    """Seconds until the next delayed job or retry is due."""
    row = await pool.fetchrow(NEXT)
    return None if row is None else row[0]


async def sweep(pool: ReadPool, limit: int) -> None:
    """Delete jobs whose retention is over, with their attempts, events and steps."""
    await pool.fetch(SWEEP, limit)
