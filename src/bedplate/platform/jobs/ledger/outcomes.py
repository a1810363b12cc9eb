import datetime as dt
from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import asyncpg
import msgspec

from bedplate.platform.jobs.ledger.rows import fetch

type Ending = Literal["error", "permanent", "timeout", "lost", "released", "cancelled"]

# What was cancelled meanwhile and did not succeed ends there; an attempt that was superseded matches no row.
RECORD = """
with u as (
  select * from unnest(
    $1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::float8[],
    $9::int[], $10::float8[], $11::timestamptz[], $12::float8[])
  as u (id, attempt, state, result, error, detail, ending, delay, extra, keep, started_at, keep_cancelled)
), done as (
  update job set
    state = case when u.state <> 'succeeded' and job.cancel_requested_at is not null then 'cancelled'
                 else u.state end,
    result = case when octet_length(u.result) <= $14 then u.result::jsonb end,
    error = u.error,
    progress = case when u.state = 'succeeded' then 100 else job.progress end,
    available_at = case when u.state = 'queued' then now() + u.delay * interval '1 second'
                        else job.available_at end,
    max_attempts = job.max_attempts + u.extra,
    attempt_started_at = case when u.state = 'queued' then null else job.attempt_started_at end,
    lease_until = null,
    ended_at = case when u.state = 'queued' and job.cancel_requested_at is null then null else now() end,
    expires_at = case
      when u.state <> 'succeeded' and job.cancel_requested_at is not null
        then now() + u.keep_cancelled * interval '1 second'
      when u.state <> 'queued' then now() + u.keep * interval '1 second' end
  from u
  where job.id = u.id and job.attempt = u.attempt and job.worker = $13 and job.state = 'running'
  returning job.id, job.attempt, job.state, job.join_id, u.ending, job.worker,
    job.ended_at is not null and job.cancel_requested_at is not null as asked, job.queue, job.priority, job.available_at
), noted as (
  insert into job_attempt (job_id, attempt, outcome, worker, started_at, ended_at, error, detail)
  select u.id, u.attempt, u.ending, done.worker, u.started_at, now(), u.error, u.detail
  from u join done on done.id = u.id and done.attempt = u.attempt where u.ending is not null
), kept as (
  insert into job_result (job_id, data)
  select u.id, u.result from u join done on done.id = u.id and done.attempt = u.attempt
  where octet_length(u.result) > $14
)
select id, state, join_id, ending, asked, queue, priority, extract(epoch from available_at)::float8 from done
"""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How an attempt ended: the job's next state, and what is noted of the attempt if it did not succeed.

    `delay` is seconds until the next attempt, `keep` the retention of the ended job; `extra` attempts are
    granted when the attempt was given back through no fault of the job.
    """

    id: UUID
    attempt: int
    state: Literal["queued", "succeeded", "failed", "dead", "cancelled"]
    started_at: dt.datetime
    ending: Ending | None = None
    result: str | None = None
    error: str | None = None
    detail: str | None = None
    delay: float = 0.0
    extra: int = 0
    keep: float = 0.0
    keep_cancelled: float = 0.0


class Recorded(msgspec.Struct, frozen=True):
    """What the ledger holds now, which is not always what the outcome said.

    `ending` is that of the attempt, None if it succeeded; `asked`: it ended after its cancellation was asked.
    """

    id: UUID
    state: str
    join_id: UUID | None
    ending: Ending | None
    asked: bool
    queue: str
    priority: int
    available_at: float


async def record(
    connection: asyncpg.Connection, outcomes: Sequence[Outcome], worker: str, *, inline: int
) -> list[Recorded]:
    """Write the outcomes of a worker's attempts in one statement; superseded ones are not returned.

    A result of more than `inline` bytes lies apart from the queue's rows.

    The worker's name is part of the fence: a crash of PostgreSQL may undo a claim and give its number anew.
    """
    rows = await fetch(
        connection,
        RECORD,
        [o.id for o in outcomes],
        [o.attempt for o in outcomes],
        [o.state for o in outcomes],
        [o.result for o in outcomes],
        [o.error for o in outcomes],
        [o.detail for o in outcomes],
        [o.ending for o in outcomes],
        [o.delay for o in outcomes],
        [o.extra for o in outcomes],
        [o.keep for o in outcomes],
        [o.started_at for o in outcomes],
        [o.keep_cancelled for o in outcomes],
        worker,
        inline,
    )
    return [Recorded(*row) for row in rows]
