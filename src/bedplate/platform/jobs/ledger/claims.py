import datetime as dt
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

import asyncpg
import msgspec

from bedplate.platform.db import ReadPool
from bedplate.platform.jobs.ledger.rows import fetch

COLUMNS = """job.id, job.task, job.queue, job.payload::text, job.payload_version, job.owner_id, job.team_id,
  job.parent_id, job.tags, job.priority, job.attempt, job.max_attempts, job.limited, job.available_at,
  job.attempt_started_at, job.traceparent"""
BEGIN = f"""
update job set state = 'running', attempt = attempt + 1, worker = $2,
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
CLAIM = f"with picked as ({RUNNABLE} and not j.limited for update skip locked) {BEGIN}"
CLAIM_LIMITED = f"""
with picked as (
  {RUNNABLE} and j.limited order by j.priority desc, j.available_at limit $6 for update skip locked)
{BEGIN}
"""
LOCK_TASK = "select pg_advisory_xact_lock(hashtextextended('job:' || $1, 0))"
LIMITED_TASKS = "select distinct task from job where id = any($1) and state = 'queued' and limited"
RUNNING = "select count(*) from job where limited and task = $1 and state = 'running'"
STARTED = """
select count(*) filter (where attempt_started_at > now() - $2 * interval '1 second') + (
    select count(*) from job_attempt a join job on job.id = a.job_id
    where job.limited and job.task = $1 and a.started_at > now() - $2 * interval '1 second'
      and a.started_at is distinct from job.attempt_started_at)
from job where limited and task = $1 and attempt_started_at > now() - $2 * interval '1 second'
"""


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
        self._tasks = list(tasks)
        self._freeing = list(freeing)
        self._limits = {limit.task: limit for limit in limits}

    async def claim(self, ids: Sequence[UUID]) -> list[Claim]:
        """Begin an attempt of each job that is still due and free; the rest are somebody else's or not due."""
        rows = await self._pool.fetch(CLAIM, ids, self._worker, self._lease, self._tasks, self._freeing)
        claims = [Claim(*row) for row in rows]
        if self._limits and len(claims) < len(ids):
            taken = {claim.id for claim in claims}
            claims += await self._limited([one for one in ids if one not in taken])
        return claims

    async def _limited(self, ids: Sequence[UUID]) -> list[Claim]:
        names = [row[0] for row in await self._pool.fetch(LIMITED_TASKS, ids)]
        return [claim for name in sorted(names) for claim in await self._of_task(name, ids)]

    async def _of_task(self, name: str, ids: Sequence[UUID]) -> list[Claim]:
        limit = self._limits.get(name)
        if limit is None:
            return []
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(LOCK_TASK, name)
            free = await free_places(connection, limit)
            if free <= 0:
                return []
            how = (ids, self._worker, self._lease, [name], self._freeing, free)
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
