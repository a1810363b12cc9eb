import datetime as dt
import logging
from collections.abc import Awaitable, Sequence
from typing import Any, cast
from uuid import UUID

import asyncpg
import msgspec

from bedplate.platform.db import ReadPool
from bedplate.platform.jobs.ledger.rows import fetch

COLUMNS = """job.id, job.task, job.queue, job.payload::text, job.payload_version, job.owner_id, job.team_id,
  job.parent_id, job.tags, job.priority, job.attempt, job.max_attempts, job.limited, job.available_at,
  job.attempt_started_at, job.traceparent"""
# A row is limited as its task is now, whatever the program that enqueued it knew.
BEGIN = f"""
update job set state = 'running', attempt = attempt + 1, worker = $2, limited = {{limited}},
  lease_until = now() + $3 * interval '1 second', started_at = coalesce(started_at, now()),
  attempt_started_at = now(), message = null,
  unique_key = case when task = any($5) then null else unique_key end
from picked where job.id = picked.id
returning {COLUMNS}
"""  # noqa: S608 - no input is in it
RUNNABLE = """
select j.id from job j
where j.id = any($1) and j.state = 'queued' and not j.waiting and j.available_at <= now() and j.task = any($4)
  and not exists (
    select from job_pause p
    where (p.kind = 'queue' and p.name = j.queue) or (p.kind = 'task' and p.name = j.task))
"""
CLAIM = f"with picked as ({RUNNABLE} for update skip locked) {BEGIN.format(limited='false')}"
CLAIM_LIMITED = f"""
with picked as (
  {RUNNABLE} order by j.priority desc, j.available_at limit $6 for update skip locked)
{BEGIN.format(limited="true")}
"""
LOCK_TASK = "select pg_advisory_xact_lock(hashtextextended('job:' || $1, 0))"
# What finds no place is left for the relay as limited.
LIMITED_TASKS = """
with held as (
  update job set limited = true where id = any(array(
    select id from job where id = any($1) and state = 'queued' and not limited and task = any($2)
    for update skip locked))
)
select distinct task from job where id = any($1) and state = 'queued' and task = any($2)
"""
RUNNING = "select count(*) from job where limited and task = $1 and state = 'running'"
# An attempt's job by a scalar, so that it is looked up one by one, and not joined with all that the task ever ran.
STARTED = """
select count(*) + (
    select count(*) from job_attempt a
    where a.started_at > now() - $2 * interval '1 second' and (
      select job.limited and job.task = $1 and a.started_at is distinct from job.attempt_started_at
      from job where job.id = a.job_id))
from job
where limited and task = $1 and state = any('{running,succeeded,failed,dead,cancelled}')
  and attempt_started_at > now() - $2 * interval '1 second'
"""

logger = logging.getLogger(__name__)


class Claim(msgspec.Struct, frozen=True):
    """An attempt that this worker may make; `attempt` is its fencing token."""

    id: UUID
    task: str
    queue: str
    payload: str
    payload_version: int
    owner_id: UUID | None
    team_id: UUID | None
    parent_id: UUID | None
    tags: list[str]
    priority: int
    attempt: int
    max_attempts: int
    limited: bool
    available_at: dt.datetime
    started_at: dt.datetime
    traceparent: str | None


class Limit(msgspec.Struct, frozen=True):
    """How many of a task may run at once, and start within a period of seconds."""

    task: str
    concurrency: int | None
    starts: int | None
    period: float


class Claimer:
    """Takes due jobs for a worker, many in one statement.

    Its connections do not wait for the disk: a claim that a crash of PostgreSQL undoes leaves the job queued.
    """

    def __init__(
        self,
        pool: ReadPool,
        *,
        worker: str,
        lease: float,
        tasks: Sequence[str],
        freeing: Sequence[str],
        limits: Sequence[Limit],
    ) -> None:
        self._pool = pool
        self._worker = worker
        self._lease = lease
        self._freeing = list(freeing)
        self._limits = {limit.task: limit for limit in limits}
        self._free = [task for task in tasks if task not in self._limits]

    async def claim(self, ids: Sequence[UUID]) -> list[Claim]:
        """Begin an attempt of each job that is still due and free; the rest are somebody else's or not due."""
        rows = await self._pool.fetch(CLAIM, ids, self._worker, self._lease, self._free, self._freeing)
        claims = [Claim(*row) for row in rows]
        if self._limits and len(claims) < len(ids):
            taken = {claim.id for claim in claims}
            claims += await self._limited([one for one in ids if one not in taken])
        return claims

    async def _limited(self, ids: Sequence[UUID]) -> list[Claim]:
        rows = await self._guarded(self._pool.fetch(LIMITED_TASKS, ids, list(self._limits)))
        limits = [self._limits[row[0]] for row in rows]
        return [claim for limit in limits for claim in await self._guarded(self._of_task(limit, ids))]

    async def _guarded[T](self, taking: Awaitable[list[T]]) -> list[T]:
        try:
            return await taking
        except Exception as error:  # noqa: BLE001 - what is claimed already runs; the relay announces the rest again
            logger.warning("limited jobs not claimed (%s)", type(error).__name__)
            return []

    async def _of_task(self, limit: Limit, ids: Sequence[UUID]) -> list[Claim]:
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(LOCK_TASK, limit.task)
            free = await free_places(connection, limit)
            if free <= 0:
                return []
            how = (ids, self._worker, self._lease, [limit.task], self._freeing, free)
            rows = await fetch(connection, CLAIM_LIMITED, *how)
            return [Claim(*row) for row in rows]


async def free_places(connection: asyncpg.Connection, limit: Limit) -> int:
    """How many jobs of a task may start now; exact while the task's lock is held."""
    places: list[int] = []
    if limit.concurrency is not None:
        places.append(limit.concurrency - await _count(connection, RUNNING, limit.task))
    if limit.starts is not None:
        places.append(limit.starts - await _count(connection, STARTED, limit.task, limit.period))
    return min(places)


async def _count(connection: asyncpg.Connection, sql: str, *arguments: Any) -> int:
    return cast("int", await connection.fetchval(sql, *arguments))
